#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/config.h"
#include "store/counters.h"
#include "summary/summary.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::store {

/// A summary as it came.
struct Received {
  std::string_view line;            ///< one record of JSON (schema/summary.schema.json), without line end
  const summary::Summary& summary;  ///< what summary::read_json made of it
};

enum class Verdict : std::uint8_t {
  fresh,     ///< counted now
  repeated,  ///< was counted before: of one boot of a monitor, each number of each reducer once
  too_old,   ///< from before all that is kept
  refused,   ///< will never be taken; the answer says why
};

struct Answer {
  Verdict verdict = Verdict::fresh;
  std::string why;  ///< of what was refused
};

/// The history of many monitors' summaries, in one SQLite file: at several resolutions, bounded, each contribution
/// counted once in effect, whatever ends at any moment and whatever is sent again.
///
/// What `commit` acknowledged is on the disk, in the journal, and in memory in open panes. `flush` writes panes that
/// nothing more is awaited for, together with the numbers of what is in them; after a crash the journal makes the open
/// ones again. Coarser panes, and those of groups and of all servers, are made from finer ones and from servers.
/// Thread: one, with all of it. Others read by a HistoryReader (history.h).
class Store {
 public:
  /// Opens or makes the file. `now`: wall time, here and below. Errors: the configuration, the disk, a file that is
  /// damaged, another's, newer, or open in another process.
  static util::Result<std::unique_ptr<Store>> open(const Config& config, util::Time now);
  virtual ~Store() = default;

  /// One transaction, on the disk when it returns. An answer for each. Errors: nothing of it was taken; the sender is
  /// to try again later.
  virtual util::Result<std::vector<Answer>> commit(std::span<const Received> batch, util::Time now) = 0;

  /// To be called every second or so, also when nothing comes: writes what has settled, derives what is over (each
  /// for 50 ms, the rest next time), and prunes. Errors: what was not done is done next time.
  virtual util::Result<void> flush(util::Time now) = 0;
  /// Before the end: writes panes, settled or not, for about so long. What is left is in the journal, and what is to be
  /// derived is noted in the file: the next start goes on with both.
  virtual util::Result<void> write_open(util::Time now, std::chrono::milliseconds patience) = 0;
  /// As `flush`, with everything, settled or not, however long it takes.
  virtual util::Result<void> flush_all(util::Time now) = 0;

  /// What came since then (and before, in the pane that this moment lies in), ascending by start: to show again after a
  /// start what was shown before. Summaries of panes: where `fine`, of single seconds as far as they are kept; else the
  /// last of the base level, older ones of minutes.
  virtual util::Result<std::vector<summary::Summary>> recent(util::Time since, bool fine) = 0;

  /// From now on; what was counted before stays.
  virtual void set_groups(std::map<std::string, std::vector<std::string>> groups) = 0;

  virtual Counters counters() const = 0;
  /// What the operator should be told, since the last call.
  virtual std::vector<std::string> take_notes() = 0;
};

}  // namespace rata::store
