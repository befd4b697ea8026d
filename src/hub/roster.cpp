#include "hub/roster.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rata::hub {
namespace {

// A window arrives a second or two after its end.
constexpr double late_after_seconds = 10;
constexpr double silent_after_seconds = 60;
constexpr double ahead_after_seconds = 5;
constexpr double past_after_seconds = 86'400;
constexpr double forget_after_seconds = 7 * 86'400;
// Two processes under one name: how close their windows lie, and how long that is said after it was seen last.
constexpr double beside_seconds = 60, double_for_seconds = 300;
constexpr std::size_t most_runs = 4;
// So much newer are others when a reducer is taken for one that the monitor does not have any more.
constexpr double gone_after_seconds = 60;

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

bool MonitorState::is_double(util::Time now) const {
  return doubled.ns != 0 && util::seconds_between(doubled, now) <= double_for_seconds;
}

/// Whether windows of two runs that lie beside each other come in turns: of the one, of the other, of the one again,
/// each newer than what that run had brought before. After a restart the spool of the run before also comes beside the
/// new one, but all of it is older than the new run's first window.
bool Roster::is_second_of_two(Entry& entry, const std::string& boot, util::Time start) {
  if (boot.empty()) return false;
  auto run = std::ranges::find(entry.runs, boot, &Run::boot);
  if (run == entry.runs.end()) {
    if (entry.runs.size() == most_runs) entry.runs.erase(std::ranges::min_element(entry.runs, {}, &Run::turn));
    entry.runs.push_back({boot, start, start, ++entry.turns});
    return false;
  }
  run->first = std::min(run->first, start);
  if (start <= run->last) return false;
  run->last = start;
  const std::uint64_t turn_before = std::exchange(run->turn, ++entry.turns);
  return std::ranges::any_of(entry.runs, [&](const Run& other) {
    const bool is_beside = std::max(run->first, other.first) < std::min(run->last, other.last) &&
                           std::abs(util::seconds_between(run->last, other.last)) <= beside_seconds;
    return other.boot != boot && other.turn > turn_before && is_beside;
  });
}

/// Every reducer's summary tells of the same window: one of them stands for it. Another takes its place with another
/// run, and when nothing comes of it while others go on, as after a reload of a monitor.
void Roster::choose_counted(Entry& entry, const summary::Summary& summary, util::Time end) {
  const bool is_gone = util::seconds_between(entry.counted_until, end) > gone_after_seconds + summary.window.seconds;
  if (entry.counted_reducer.empty() || entry.state.boot != summary.id.boot || is_gone)
    entry.counted_reducer = summary.type;
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
  if (is_second_of_two(entry, summary.id.boot, summary.window.start)) state.doubled = now;
  if (const util::Time end = end_of(summary.window); end >= state.last) {
    state.last = end;
    state.window_seconds = summary.window.seconds;
    choose_counted(entry, summary, end);
    state.boot = summary.id.boot;
  }
  if (summary.type != entry.counted_reducer) return;
  entry.counted_until = std::max(entry.counted_until, end_of(summary.window));
  ++state.windows;
  state.packets += summary.window.packets;
  state.late += summary.window.late;
  state.kernel += summary.loss.kernel;
  state.queue += summary.loss.queue;
  state.malformed += summary.loss.malformed;
}

void Roster::remember(const summary::Summary& summary) {
  const util::Time end = end_of(summary.window);
  remember(summary.server, summary.monitor, end);
  const auto known = entries_.find({summary.server, summary.monitor});
  // The newest says how long its windows are: older ones may have been merged.
  if (known != entries_.end() && known->second.state.last <= end)
    known->second.state.window_seconds = summary.window.seconds;
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
