#include "pipeline/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rata::pipeline {
namespace {

serve::Metric metric_of(const Counter& counter) {
  if (!counter.reason.empty())
    return {fmt::format("ratadns_{}_{}_by_reason_total", counter.group, counter.name), "counter",
            fmt::format("{} {}, by reason", counter.group, counter.name)};
  const bool gauge = counter.name == "waiting";
  return {fmt::format("ratadns_{}_{}{}", counter.group, counter.name, gauge ? "" : "_total"),
          gauge ? "gauge" : "counter", std::string(counter.help)};
}

/// A figure of each channel.
struct OutletRow {
  serve::Metric metric;
  std::uint64_t (*value)(const OutletState& outlet);
};

const std::vector<OutletRow>& outlet_rows() {
  static const std::vector<OutletRow> rows = {
      {{"ratadns_channel_up", "gauge", "1 while the last attempt to send went well"},
       [](const OutletState& outlet) -> std::uint64_t { return outlet.health.works; }},
      {{"ratadns_channel_waiting", "gauge", "summaries that wait for this channel"},
       [](const OutletState& outlet) { return outlet.counters.waiting; }},
      {{"ratadns_channel_spool_octets", "gauge", "size of the channel's spool"},
       [](const OutletState& outlet) { return outlet.health.spool_octets; }},
      {{"ratadns_channel_spooled_total", "counter", "summaries written to the channel's spool"},
       [](const OutletState& outlet) { return outlet.counters.spooled; }},
      {{"ratadns_channel_sent_total", "counter", "summaries that the channel took"},
       [](const OutletState& outlet) { return outlet.counters.sent; }},
      {{"ratadns_channel_failed_attempts_total", "counter", "attempts to send that failed"},
       [](const OutletState& outlet) { return outlet.counters.failed_attempts; }},
  };
  return rows;
}

}  // namespace

std::vector<serve::Metric> metrics() {
  std::vector<serve::Metric> all;
  Books books;
  books.lacking["reducer: member"] = 0;  // the one family without rows when nothing was counted
  for (const Counter& counter : counters(books)) {
    serve::Metric metric = metric_of(counter);
    const auto same = [&](const serve::Metric& known) { return known.name == metric.name; };
    if (std::ranges::none_of(all, same)) all.push_back(std::move(metric));
  }
  for (const OutletRow& row : outlet_rows()) all.push_back(row.metric);
  for (serve::Metric& metric : serve::metrics()) all.push_back(std::move(metric));
  return all;
}

std::string metrics_text(const Books& books) {
  std::string text;
  for (const Counter& counter : counters(books)) {
    const serve::Metric metric = metric_of(counter);
    // The rows of one family stand together: its head comes before the first.
    if (text.find("# TYPE " + metric.name + " ") == std::string::npos) text += serve::metric_head(metric);
    if (counter.reason.empty())
      text += fmt::format("{} {}\n", metric.name, counter.value);
    else
      text += fmt::format("{}{{reason=\"{}\"}} {}\n", metric.name, serve::label_text(counter.reason), counter.value);
  }
  return text;
}

std::string metrics_text(const std::vector<OutletState>& outlets) {
  std::string text;
  for (const OutletRow& row : outlet_rows()) {
    text += serve::metric_head(row.metric);
    for (const OutletState& outlet : outlets)
      text +=
          fmt::format("{}{{channel=\"{}\"}} {}\n", row.metric.name, serve::label_text(outlet.name), row.value(outlet));
  }
  return text;
}

}  // namespace rata::pipeline
