#include "hub/metrics.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "hub/servers.h"

namespace rata::hub {
namespace {

using serve::Metric;
using serve::MetricRow;

constexpr MetricRow<IntakeCounters> intake_rows[] = {
    {"hub_batches", "batches that came", &IntakeCounters::batches},
    {"hub_batches_put_off", "batches answered with \"later\", since nothing could be committed",
     &IntakeCounters::later_batches},
    {"hub_batches_unreadable", "batches that were no zstd", &IntakeCounters::unreadable_batches},
    {"hub_lines", "summaries that came, in batches and messages", &IntakeCounters::lines},
    {"hub_lines_put_off", "summaries of batches answered with \"later\"", &IntakeCounters::put_off_lines},
    {"hub_lines_refused", "lines of batches that were no summaries, or not the sender's",
     &IntakeCounters::refused_lines},
    {"hub_messages", "messages that came from Redis", &IntakeCounters::messages},
    {"hub_messages_unreadable", "messages from Redis that were no summaries", &IntakeCounters::unreadable_messages},
    {"hub_messages_lost", "summaries from Redis that came while nothing could be committed",
     &IntakeCounters::lost_messages},
};

constexpr MetricRow<store::Counters> store_rows[] = {
    {"history_committed", "summaries that were new and are on the disk", &store::Counters::committed},
    {"history_repeated", "summaries that had been committed before", &store::Counters::repeated},
    {"history_too_old", "summaries from before all that is kept", &store::Counters::too_old},
    {"history_refused", "summaries that will never be taken", &store::Counters::refused},
    {"history_panes_written", "panes of windows written", &store::Counters::panes_written},
    {"history_panes_derived", "panes made of finer ones or of servers", &store::Counters::panes_derived},
    {"history_pruned", "panes that went with their time", &store::Counters::pruned},
    {"history_pruned_for_room", "panes that went since the file had reached its size",
     &store::Counters::pruned_for_room},
    {"history_unreadable", "panes whose octets were damaged", &store::Counters::unreadable},
    {"history_open_panes", "panes in memory now", &store::Counters::open_panes, true},
    {"history_dirty_panes", "panes to be made anew now", &store::Counters::dirty_panes, true},
    {"history_octets", "size of the history now", &store::Counters::database_octets, true},
};

double tenths(double seconds) { return std::round(seconds * 10) / 10; }

/// A gauge of each server.
struct ServerRow {
  Metric metric;
  double (*value)(const Server& server, util::Time now);
};

const std::vector<ServerRow>& server_rows() {
  static const std::vector<ServerRow> rows = {
      {{"ratadns_server_lag_seconds", "gauge", "how old the newest window of a server is"},
       [](const Server& server, util::Time now) { return tenths(server.newest().lag_seconds(now)); }},
      {{"ratadns_server_up", "gauge", "1 while windows come from a server"},
       [](const Server& server, util::Time now) { return server.newest().health(now) == Health::silent ? 0.0 : 1.0; }},
      {{"ratadns_server_missing_windows", "gauge", "windows of a server, of the last day, that are not here (yet)"},
       [](const Server& server, util::Time) { return static_cast<double>(server.missing); }},
      {{"ratadns_server_kernel_lost", "gauge", "frames that the kernel of its monitors lost, since our start"},
       [](const Server& server, util::Time) { return static_cast<double>(server.sum(&MonitorState::kernel)); }},
      {{"ratadns_server_queue_lost", "gauge", "frames that its monitors lost, since our start"},
       [](const Server& server, util::Time) { return static_cast<double>(server.sum(&MonitorState::queue)); }},
  };
  return rows;
}

/// A figure of each [[subscribe]].
struct SubscriptionRow {
  Metric metric;
  std::uint64_t (*value)(const SubscriptionState& subscription);
};

const std::vector<SubscriptionRow>& subscription_rows() {
  static const std::vector<SubscriptionRow> rows = {
      {{"ratadns_subscription_up", "gauge", "1 while messages of a Redis are heard"},
       [](const SubscriptionState& one) -> std::uint64_t { return one.trouble.empty() ? 1 : 0; }},
      {{"ratadns_subscription_reconnects_total", "counter", "times that a Redis was connected to once more"},
       [](const SubscriptionState& one) { return one.reconnects; }},
  };
  return rows;
}

Metric trouble_metric() { return {"ratadns_history_up", "gauge", "1 while what comes can be committed"}; }

}  // namespace

std::vector<Metric> metrics() {
  std::vector<Metric> all;
  for (const auto& row : intake_rows) all.push_back(serve::metric_of(row));
  for (const auto& row : store_rows) all.push_back(serve::metric_of(row));
  all.push_back(trouble_metric());
  for (const ServerRow& row : server_rows()) all.push_back(row.metric);
  for (const SubscriptionRow& row : subscription_rows()) all.push_back(row.metric);
  return all;
}

std::string metrics_text(const Standing& standing) {
  std::string text = serve::metric_rows_text<IntakeCounters>(intake_rows, standing.intake);
  text += serve::metric_rows_text<store::Counters>(store_rows, standing.store);
  text += serve::metric_head(trouble_metric());
  text += fmt::format("{} {}\n", trouble_metric().name, standing.trouble.empty() ? 1 : 0);
  const std::map<std::string, Server> servers = servers_of(standing);
  for (const ServerRow& row : server_rows()) {
    text += serve::metric_head(row.metric);
    for (const auto& [name, server] : servers)
      text += fmt::format("{}{{server=\"{}\"}} {}\n", row.metric.name, serve::label_text(name),
                          row.value(server, standing.now));
  }
  for (const SubscriptionRow& row : subscription_rows()) {
    text += serve::metric_head(row.metric);
    for (const SubscriptionState& one : standing.subscriptions)
      text += fmt::format("{}{{url=\"{}\"}} {}\n", row.metric.name, serve::label_text(one.url), row.value(one));
  }
  return text + serve::metrics_text(standing.aggregator);
}

}  // namespace rata::hub
