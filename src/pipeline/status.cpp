#include "pipeline/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "serve/trust.h"

namespace rata::pipeline {
namespace {

using nlohmann::ordered_json;
using serve::Trust;

// A window arrives one second after its end at the earliest, two with the default lateness.
constexpr double late_after_seconds = 10;
constexpr double silent_after_seconds = 60;

ordered_json time_json(util::Time time) { return time.ns <= 0 ? ordered_json() : ordered_json(util::text(time)); }

std::string server_state(const StatusInput& input, util::Time last) {
  if (!input.live) return "live";
  const double age = util::seconds_between(last, input.now);
  return age > silent_after_seconds ? "silent" : age > late_after_seconds ? "late" : "live";
}

/// Green: the books balance and nothing is missing; that a bound sums up what is rare is no doubt, totals stay exact.
/// Amber: something was dropped or late. Red: numbers are incomplete.
Trust trust_of(const StatusInput& input) {
  Trust trust;
  const Books& books = input.monitor.books;
  if (input.monitor.input == InputState::failed) trust.doubt("red", input.monitor.error);
  if (input.monitor.input != InputState::failed && !input.monitor.error.empty())
    trust.doubt("amber", input.monitor.error);
  if (!books.balanced()) trust.doubt("red", "the books do not balance");
  if (books.summaries_dropped > 0) trust.doubt("red", fmt::format("{} results were dropped", books.summaries_dropped));
  if (books.summaries_refused > 0)
    trust.doubt("red", fmt::format("{} results were refused by who should take them", books.summaries_refused));
  if (books.kernel_lost > 0) trust.doubt("amber", fmt::format("the kernel lost {} frames", books.kernel_lost));
  if (books.left_out > 0) trust.doubt("amber", fmt::format("the source could not hand over {} frames", books.left_out));
  if (books.implausible_time > 0)
    trust.doubt("amber", fmt::format("{} frames had a time stamp a day ahead of the others", books.implausible_time));
  if (books.late_packets > 0) trust.doubt("amber", fmt::format("{} messages came too late", books.late_packets));
  if (const std::string jump = jump_text(books); !jump.empty()) trust.doubt("amber", jump);
  if (books.decode.tcp_skipped_limit > 0)
    trust.doubt("amber", fmt::format("{} TCP octets were given up for a bound", books.decode.tcp_skipped_limit));
  for (const OutletState& outlet : input.outlets)
    if (!outlet.health.works) trust.doubt("amber", fmt::format("channel {}: {}", outlet.name, outlet.health.why));
  for (const auto& server : input.servers)
    if (const std::string state = server_state(input, server.last); state != "live")
      trust.doubt("amber", fmt::format("{} is {}", server.name, state));
  return trust;
}

/// The ways out, and what waits for each.
ordered_json channels_json(const std::vector<OutletState>& outlets) {
  ordered_json list = ordered_json::array();
  const auto time_of = [](const std::optional<util::Time>& time) {
    return time ? ordered_json(util::text(*time)) : ordered_json();
  };
  for (const auto& [name, url, health, counters] : outlets) {
    ordered_json one = {{"channel", name},
                        {"url", url},
                        {"works", health.works},
                        {"why", health.why},
                        {"failing_since", time_of(health.failing_since)},
                        {"last_success", time_of(health.last_success)},
                        {"waiting", counters.waiting},
                        {"sent", counters.sent},
                        {"refused", counters.refused},
                        {"dropped", counters.dropped}};
    if (health.has_spool)
      one["spool"] = {{"waiting", health.spool_waiting},
                      {"octets", health.spool_octets},
                      {"oldest", time_of(health.oldest_waiting)},
                      {"trouble", health.spool_trouble}};
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

std::string status_json(const StatusInput& input) {
  const Trust trust = trust_of(input);
  ordered_json views = ordered_json::array(), kinds = ordered_json::object();
  for (const aggregate::ViewInfo& view : input.views) {
    views.push_back(view.name);
    kinds[view.name] = view.kind;
  }
  ordered_json json = {{"version", RATADNS_VERSION},
                       {"source", input.source},
                       {"state", name(input.monitor.input)},
                       {"error", input.monitor.error},
                       {"server", input.config.server},
                       {"started", util::text(input.started)},
                       {"watermark", time_json(input.watermark)},
                       {"behind_seconds", nullptr},
                       {"spans", input.config.aggregate.spans},
                       {"views", views},
                       {"kinds", kinds},
                       {"servers", ordered_json::array()},
                       {"trust", {{"level", trust.level}, {"reasons", trust.reasons}}},
                       {"channels", channels_json(input.outlets)},
                       {"balance", balance_json(input.monitor.books)},
                       {"malformed", malformed_json(input.monitor.books)}};
  if (input.live && input.watermark.ns > 0)
    json["behind_seconds"] = std::max(0.0, util::seconds_between(input.watermark, input.now));
  for (const auto& server : input.servers)
    json["servers"].push_back(
        {{"server", server.name}, {"last", time_json(server.last)}, {"state", server_state(input, server.last)}});
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace rata::pipeline
