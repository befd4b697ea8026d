#include "hub/status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "hub/servers.h"
#include "serve/trust.h"

namespace rata::hub {
namespace {

using nlohmann::ordered_json;
using serve::Trust;

std::string dumped(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json time_json(util::Time time) { return time.ns <= 0 ? ordered_json() : ordered_json(util::text(time)); }

double tenths(double seconds) { return std::round(seconds * 10) / 10; }

ordered_json server_json(const std::string& name, const Server& server, util::Time now) {
  const MonitorState& newest = server.newest();
  ordered_json json = {{"server", name},
                       {"last", time_json(newest.last)},
                       {"state", hub::name(newest.health(now))},
                       {"lag_seconds", tenths(newest.lag_seconds(now))},
                       {"missing_windows", server.missing},
                       {"packets", server.sum(&MonitorState::packets)},
                       {"late_packets", server.sum(&MonitorState::late)},
                       {"kernel_lost", server.sum(&MonitorState::kernel)},
                       {"queue_lost", server.sum(&MonitorState::queue)},
                       {"malformed", server.sum(&MonitorState::malformed)},
                       {"monitors", ordered_json::array()}};
  for (const MonitorState* monitor : server.monitors)
    json["monitors"].push_back({{"monitor", monitor->monitor},
                                {"state", hub::name(monitor->health(now))},
                                {"lag_seconds", tenths(monitor->lag_seconds(now))},
                                {"boot", monitor->boot},
                                {"double", monitor->is_double(now)},
                                {"arrived", time_json(monitor->arrived)},
                                {"summaries", monitor->summaries}});
  return json;
}

std::string doubt_about(const std::string& name, const MonitorState& monitor, util::Time now) {
  const double lag = monitor.lag_seconds(now);
  switch (monitor.health(now)) {
    case Health::live:
    case Health::past:
      return {};
    case Health::late:
      return fmt::format("{} is late by {:.0f} s: delayed on the way, or its clock is behind", name, lag);
    case Health::ahead:
      return fmt::format("{}: its clock is ahead by {:.0f} s", name, -lag);
    case Health::silent:
      return fmt::format("{} is silent", name);
  }
  return {};
}

/// The spans whose views are whole already.
std::vector<unsigned> full_spans(const std::vector<unsigned>& spans, const Standing& standing) {
  std::vector<unsigned> full;
  std::ranges::copy_if(spans, std::back_inserter(full), [&](unsigned minutes) {
    return !standing.restoring ||
           util::seconds_between(standing.restoring->full_since, standing.watermark) >= 60.0 * minutes;
  });
  return full;
}

ordered_json restoring_json(const Config& config, const Standing& standing) {
  if (!standing.restoring) return nullptr;
  return {{"full_since", time_json(standing.restoring->full_since)},
          {"full_spans", full_spans(config.aggregate.spans, standing)},
          {"failed", standing.restoring->is_failed}};
}

/// Servers of the group of which nothing has come, or not for so long that they are forgotten.
std::vector<std::string> unheard_of(const aggregate::Group& group, const std::map<std::string, Server>& servers) {
  std::vector<std::string> unheard;
  std::ranges::copy_if(group.servers, std::back_inserter(unheard),
                       [&](const std::string& name) { return !servers.contains(name); });
  return unheard;
}

bool balanced(const Standing& standing) {
  const IntakeCounters& intake = standing.intake;
  const store::Counters& store = standing.store;
  return intake.lines == store.committed + store.repeated + store.too_old + store.refused + intake.refused_lines +
                             intake.put_off_lines + intake.lost_messages;
}

/// Of two processes under one name.
void doubt_doubles(Trust& trust, const Standing& standing) {
  for (const MonitorState& monitor : standing.monitors)
    if (monitor.is_double(standing.now)) trust.doubt("red", double_text(monitor));
}

/// Red: windows are missing, counted twice or cannot be taken. Amber: something else was lost, or somebody is not
/// there.
Trust trust_of(const Standing& standing, const std::map<std::string, Server>& servers,
               const std::vector<aggregate::Group>& groups) {
  Trust trust;
  if (!balanced(standing)) trust.doubt("red", "the books do not balance");
  if (!standing.trouble.empty()) trust.doubt("red", "nothing can be kept: " + standing.trouble);
  doubt_doubles(trust, standing);
  if (standing.restoring && standing.restoring->is_failed)
    trust.doubt("amber", fmt::format("views lack what came before {}: the history could not be read",
                                     util::utc_text(standing.restoring->full_since)));
  else if (standing.restoring)
    trust.doubt("amber", "views are being restored from the history after a start, the newest first");
  for (const auto& [name, server] : servers) {
    if (server.missing > 0) trust.doubt("red", fmt::format("{}: {} windows are missing", name, server.missing));
    if (const std::uint64_t lost = server.sum(&MonitorState::kernel); lost > 0)
      trust.doubt("amber", fmt::format("{}: its kernel lost {} frames", name, lost));
    if (const std::uint64_t lost = server.sum(&MonitorState::queue); lost > 0)
      trust.doubt("amber", fmt::format("{}: its monitor lost {} frames", name, lost));
    if (server.runs_broken > 0)
      trust.doubt("amber", fmt::format("{}: {} times in the last day nobody watched between two runs of a monitor",
                                       name, server.runs_broken));
    for (const MonitorState* monitor : server.monitors) {
      // One that is behind the others of its server is shown; only one that is gone is missed.
      if (monitor != &server.newest() && monitor->health(standing.now) != Health::silent) continue;
      const std::string whose = server.monitors.size() > 1 ? fmt::format("{} ({})", name, monitor->monitor) : name;
      if (std::string doubt = doubt_about(whose, *monitor, standing.now); !doubt.empty())
        trust.doubt("amber", std::move(doubt));
    }
  }
  for (const aggregate::Group& group : groups)
    if (const auto unheard = unheard_of(group, servers); !unheard.empty() && !servers.empty())
      trust.doubt("amber", fmt::format("the group {} lacks {}, of which nothing has come: is the name right?",
                                       group.name, fmt::join(unheard, ", ")));
  if (const std::uint64_t refused = standing.store.refused + standing.store.too_old + standing.intake.refused_lines;
      refused > 0)
    trust.doubt("amber", fmt::format("{} summaries were refused; the log says why", refused));
  for (const SubscriptionState& subscription : standing.subscriptions)
    if (!subscription.trouble.empty())
      trust.doubt("amber", fmt::format("{}: {}", subscription.url, subscription.trouble));
  return trust;
}

/// What came in is in one of the others.
ordered_json balance_json(const Standing& standing) {
  const store::Counters& store = standing.store;
  const IntakeCounters& intake = standing.intake;
  std::uint64_t missing = 0;
  for (const MissingWindows& one : standing.missing) missing += one.windows;
  return {{"summaries",
           {{"in", intake.lines},
            {"committed", store.committed},
            {"repeated", store.repeated},
            {"too_old", store.too_old},
            {"refused", store.refused + intake.refused_lines},
            {"put_off", intake.put_off_lines},
            {"lost", intake.lost_messages}}},
          {"batches",
           {{"in", intake.batches}, {"put_off", intake.later_batches}, {"unreadable", intake.unreadable_batches}}},
          {"messages",
           {{"in", intake.messages}, {"unreadable", intake.unreadable_messages}, {"lost", intake.lost_messages}}},
          {"windows", {{"missing", missing}}},
          {"history",
           {{"panes_written", store.panes_written},
            {"panes_derived", store.panes_derived},
            {"pruned", store.pruned},
            {"pruned_for_room", store.pruned_for_room},
            {"octets", store.database_octets}}}};
}

}  // namespace

std::string double_text(const MonitorState& monitor) {
  return fmt::format(
      "{} ({}): two processes send under this name, and what both see counts twice; give each a name of "
      "its own (monitor)",
      monitor.server, monitor.monitor);
}

std::string status_json(const Config& config, const Standing& standing) {
  const std::map<std::string, Server> servers = servers_of(standing);
  const Trust trust = trust_of(standing, servers, config.aggregate.groups);
  ordered_json json = {{"version", RATADNS_VERSION},
                       {"role", "aggregator"},
                       {"source", fmt::format("{} server{}", servers.size(), servers.size() == 1 ? "" : "s")},
                       {"state", servers.empty() ? "waiting" : "live"},
                       {"error", standing.trouble},
                       {"server", config.name},
                       {"started", util::text(standing.started)},
                       {"watermark", time_json(standing.watermark)},
                       {"behind_seconds", nullptr},
                       {"restoring", restoring_json(config, standing)},
                       {"spans", config.aggregate.spans},
                       {"views", ordered_json::array()},
                       {"kinds", ordered_json::object()},
                       {"groups", ordered_json::array()},
                       {"servers", ordered_json::array()},
                       {"trust", {{"level", trust.level}, {"reasons", trust.reasons}}},
                       {"balance", balance_json(standing)}};
  if (standing.watermark.ns > 0)
    json["behind_seconds"] = std::max(0.0, util::seconds_between(standing.watermark, standing.now));
  for (const aggregate::ViewInfo& view : standing.views) {
    json["views"].push_back(view.name);
    json["kinds"][view.name] = view.kind;
  }
  for (const aggregate::Group& group : config.aggregate.groups)
    json["groups"].push_back(
        {{"name", group.name}, {"servers", group.servers}, {"unheard", unheard_of(group, servers)}});
  for (const auto& [name, server] : servers) json["servers"].push_back(server_json(name, server, standing.now));
  return dumped(json);
}

std::string balance_text(const Standing& standing) {
  std::string text;  // "summaries: in 12, committed 12, ..."
  const ordered_json balance = balance_json(standing);
  for (const auto& [unit, figures] : balance.items()) {
    text += unit + ":";
    const char* between = " ";
    for (const auto& [name, value] : figures.items())
      text += fmt::format("{}{} {}", std::exchange(between, ", "), name, value.get<std::uint64_t>());
    text += '\n';
  }
  return text;
}

}  // namespace rata::hub
