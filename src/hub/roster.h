#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "summary/summary.h"
#include "util/time.h"

namespace rata::hub {

/// How a server stands.
enum class Health : std::uint8_t {
  live,
  late,    ///< its newest window is older than it should be: delayed on the way, or its clock is behind
  ahead,   ///< its newest window ends in the future: its clock, or ours, is wrong
  past,    ///< what comes is days old: a capture that is read, or a clock that is wrong
  silent,  ///< nothing comes
};
std::string_view name(Health health);

/// What has come of one monitor of one server since we started.
struct MonitorState {
  std::string server, monitor;
  std::string boot;           ///< of what came last
  util::Time arrived;         ///< when something came last, by our clock
  util::Time last;            ///< the end of its newest window, by its clock
  double window_seconds = 0;  ///< of that
  std::uint64_t summaries = 0;
  /// When two processes under this name were seen last, by our clock; 0: never. What both send is added up.
  util::Time doubled;
  /// Of the windows that came, each once.
  std::uint64_t windows = 0, packets = 0, late = 0, kernel = 0, queue = 0, malformed = 0;

  Health health(util::Time now) const;
  bool is_double(util::Time now) const;
  /// How old its newest window is; less than 0: it ends in the future.
  double lag_seconds(util::Time now) const { return util::seconds_between(last, now); }
};

/// Windows of one run of a monitor that are not here (yet), though others before and after them are; or, without a
/// boot, stretches of time between its runs.
struct MissingWindows {
  std::string server, monitor, boot;
  std::uint64_t windows = 0;
  std::uint64_t stretches = 0;
};

/// Who sends, and how each of them does. Bounded.
/// Thread: one.
class Roster {
 public:
  explicit Roster(std::size_t limit) : limit_(limit) {}

  /// A contribution that counts for the first time.
  void note(const summary::Summary& summary, util::Time now);
  /// From an earlier run: that the monitor is known, and when its newest window ended.
  void remember(const summary::Summary& summary);
  void remember(const std::string& server, const std::string& monitor, util::Time last);

  /// Forgets those of which nothing has come for a week: whoever takes a server out of service need do no more.
  void forget_silent(util::Time now);

  /// Ascending by server and monitor.
  std::vector<MonitorState> monitors() const;

 private:
  /// The windows of one run of a monitor, as they came.
  struct Run {
    std::string boot;
    util::Time first, last;  ///< the starts of its earliest and its newest window
    std::uint64_t turn = 0;  ///< when it got a newer window last, counted over all runs
  };
  struct Entry {
    MonitorState state;
    std::vector<Run> runs;  ///< the few that got a newer window last
    std::uint64_t turns = 0;
    std::string counted_reducer;  ///< whose summaries stand for the windows
    util::Time counted_until;     ///< the end of the newest of those
  };

  static void choose_counted(Entry& entry, const summary::Summary& summary, util::Time end);
  static bool is_second_of_two(Entry& entry, const std::string& boot, util::Time start);

  std::size_t limit_;
  std::map<std::pair<std::string, std::string>, Entry> entries_;
};

}  // namespace rata::hub
