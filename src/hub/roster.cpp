#include "hub/roster.h"

#include <algorithm>
#include <cmath>

namespace rata::hub {
namespace {

// A window arrives a second or two after its end.
constexpr double late_after_seconds = 10;
constexpr double silent_after_seconds = 60;
constexpr double ahead_after_seconds = 5;
constexpr double past_after_seconds = 86'400;
constexpr double forget_after_seconds = 7 * 86'400;

util::Time end_of(const summary::Window& window) {
  return {window.start.ns + std::llround(window.seconds * static_cast<double>(util::ns_per_second))};
}

}  // namespace

std::string_view name(Health health) {
  switch (health) {
    case Health::live:
      return "live";
    case Health::late:
      return "late";
    case Health::ahead:
      return "ahead";
    case Health::past:
      return "past";
    case Health::silent:
      return "silent";
  }
  return {};
}

Health MonitorState::health(util::Time now) const {
  const double lag = lag_seconds(now);
  // Known from an earlier run only: nothing has come since the start.
  const util::Time heard = arrived.ns == 0 ? last : arrived;
  if (util::seconds_between(heard, now) > silent_after_seconds + window_seconds) return Health::silent;
  if (lag < -ahead_after_seconds) return Health::ahead;
  if (lag > past_after_seconds) return Health::past;
  // The next window ends one window later, so this one may be as old as that before anything is wrong.
  return lag > late_after_seconds + window_seconds ? Health::late : Health::live;
}

void Roster::note(const summary::Summary& summary, util::Time now) {
  const auto key = std::pair(summary.server, summary.monitor);
  if (!entries_.contains(key) && entries_.size() >= limit_) {
    const auto oldest =
        std::ranges::min_element(entries_, {}, [](const auto& one) { return one.second.state.arrived; });
    entries_.erase(oldest);
  }
  Entry& entry = entries_[key];
  MonitorState& state = entry.state;
  state.server = summary.server;
  state.monitor = summary.monitor;
  state.arrived = now;
  ++state.summaries;
  if (const util::Time end = end_of(summary.window); end >= state.last) {
    state.last = end;
    state.window_seconds = summary.window.seconds;
    if (state.boot != summary.id.boot || entry.counted_reducer.empty()) entry.counted_reducer = summary.type;
    state.boot = summary.id.boot;
  }
  // Every reducer's summary tells of the same window: one of them stands for it.
  if (summary.type != entry.counted_reducer) return;
  ++state.windows;
  state.packets += summary.window.packets;
  state.late += summary.window.late;
  state.kernel += summary.loss.kernel;
  state.queue += summary.loss.queue;
  state.malformed += summary.loss.malformed;
}

void Roster::remember(const summary::Summary& summary) {
  remember(summary.server, summary.monitor, end_of(summary.window));
  const auto known = entries_.find({summary.server, summary.monitor});
  if (known != entries_.end()) known->second.state.window_seconds = summary.window.seconds;
}

void Roster::remember(const std::string& server, const std::string& monitor, util::Time last) {
  if (entries_.size() >= limit_ && !entries_.contains({server, monitor})) return;
  MonitorState& state = entries_[{server, monitor}].state;
  state.server = server;
  state.monitor = monitor;
  state.last = std::max(state.last, last);
}

void Roster::forget_silent(util::Time now) {
  std::erase_if(entries_, [&](const auto& one) {
    const MonitorState& state = one.second.state;
    return util::seconds_between(state.arrived.ns == 0 ? state.last : state.arrived, now) > forget_after_seconds;
  });
}

std::vector<MonitorState> Roster::monitors() const {
  std::vector<MonitorState> states;
  for (const auto& [key, entry] : entries_) states.push_back(entry.state);
  return states;
}

}  // namespace rata::hub
