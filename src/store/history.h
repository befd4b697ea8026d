#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/config.h"
#include "summary/summary.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::store {

/// Whose history.
struct Scope {
  enum class Kind : std::uint8_t { total, group, server };
  Kind kind = Kind::total;
  std::string name;  ///< of the group or server
};

/// Reads "total", "group:NAME" or "server:NAME". Errors: it is none of them.
util::Result<Scope> parse_scope(std::string_view text);

struct Query {
  Scope scope;
  std::string reducer;
  util::Time from, to;                 ///< panes that start in [from, to), and the one that `from` lies in
  std::optional<std::uint32_t> level;  ///< in seconds; absent: the finest that has all from `from` on, `points` at most
  std::size_t points = 500;
};

struct History {
  std::uint32_t level = 0;  ///< seconds a pane
  /// Ascending by time; one a pane, more where its data has forms that do not merge. `server` and `monitor` are empty
  /// where it is of several, `id` always. `window` says from the first start to the last end of what came; the pane
  /// starts at the last multiple of `level` that is not after its start.
  std::vector<summary::Summary> points;
};

/// What the history knows of a reducer of a monitor.
struct Stream {
  std::string server, monitor, reducer;
  std::string form;          ///< summary::merge_rule
  util::Time first, last;    ///< the earliest start and the latest end of its windows
  std::uint32_t finest = 0;  ///< the finest level that has all of its newest, in seconds
};

/// A stretch of time that is not in the history (yet).
struct Gap {
  std::string monitor;
  std::string boot;           ///< "": between two runs of the monitor
  util::Time from, to;        ///< from the end of the window before to the start of the one after; between two runs
                              ///< they may be the same
  std::uint64_t windows = 0;  ///< missing numbers; 0 between two runs, of which nobody knows
  std::vector<std::string> reducers;  ///< whose windows are missing; empty: between two runs
};

/// Reads the history beside the store that writes it, on a connection of its own. What is not written yet (open panes:
/// the last half minute or so) is not in it; what is written but not derived yet is made on the way.
/// Thread: one, any.
class HistoryReader {
 public:
  /// More panes than this are not given at once.
  static constexpr std::size_t most_points = 20'000;

  /// `config` as the store's, which must have been opened first. Errors: the file cannot be read.
  static util::Result<std::unique_ptr<HistoryReader>> open(const Config& config);
  virtual ~HistoryReader() = default;

  /// Errors: the level is none, there would be too many points, or the file cannot be read.
  virtual util::Result<History> history(const Query& query) = 0;
  /// The whole of [from, to) in one summary (more where forms do not merge), from the finest panes at its ends and the
  /// coarsest inside. The panes that the ends lie in count whole.
  virtual util::Result<std::vector<summary::Summary>> merged(const Query& query) = 0;
  virtual util::Result<std::vector<Stream>> streams() = 0;
  /// Of one server, ascending by monitor and time.
  virtual util::Result<std::vector<Gap>> gaps(const std::string& server, util::Time from, util::Time to) = 0;

  /// As Store::set_groups.
  virtual void set_groups(std::map<std::string, std::vector<std::string>> groups) = 0;
};

}  // namespace rata::store
