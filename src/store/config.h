#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rata::store {

/// One resolution of the history.
struct Level {
  std::uint32_t seconds = 0;       ///< how long a pane is
  std::uint64_t keep_seconds = 0;  ///< how long panes are kept, by packet time behind the newest

  friend bool operator==(const Level&, const Level&) = default;
};

constexpr std::uint64_t seconds_per_day = 86'400;

struct Config {
  std::string path;  ///< of the database; its folder must be there
  /// Ascending; each a multiple of the one before and kept at least as long. The first is the base. The lengths are
  /// fixed when the file is made, how long they are kept is not.
  std::vector<Level> levels = {{10, 2 * seconds_per_day}, {60, 30 * seconds_per_day}, {3600, 730 * seconds_per_day}};
  std::uint64_t fine_keep_seconds = 7200;  ///< of single seconds, which only what is small has; 0: none
  std::size_t fine_numbers = 64;           ///< what is small (summary::is_small)
  std::size_t table_rows = 200;            ///< keys of a table that a pane keeps
  std::uint32_t settle_seconds = 20;       ///< how long a pane waits for what comes late before it is written
  std::uint64_t limit_mib = 10'240;        ///< of the database; beyond it the oldest of the finest level goes
  /// Of summaries, as text, whose panes are not written yet; then those that are open longest are. 200 monitors with
  /// all that they count by default have 330 MiB.
  std::uint64_t open_mib = 512;
  /// Servers by the name of a group. What comes late is counted by the groups of today.
  std::map<std::string, std::vector<std::string>> groups;

  friend bool operator==(const Config&, const Config&) = default;
};

/// All but the groups, which may change while it is open.
inline bool keeps_the_same(Config one, const Config& other) {
  one.groups = other.groups;
  return one == other;
}

/// The level of single seconds, as the file names it. It stands beside the others: nothing is made from it.
constexpr std::uint32_t fine_seconds = 1;

}  // namespace rata::store
