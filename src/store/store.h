#pragma once

#include <chrono>
#include <cstddef>
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
  std::string_view line;  ///< one record of JSON (schema/summary.schema.json), without line end
  /// What summary::read_json made of it. The store may empty it when nobody else holds it any more.
  std::shared_ptr<summary::Summary> summary;
};

/// Some of a batch, one after the other, as they came: what zstd makes of `frame` is exactly their lines, each with its
/// line end. Whether it is one frame, with a checksum, is looked at here.
struct Packed {
  std::size_t first = 0, count = 0;  ///< in the batch
  std::string_view frame;
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

/// When a store reads what its journal has: of many monitors that is some seconds' work.
enum class Replay : std::uint8_t { all, later };

/// What a flush left.
enum class Flushed : std::uint8_t {
  all,   ///< nothing that is due
  part,  ///< the rest is done next time
};

/// What there was at one moment, the newest first: to show again after a start what was shown before. What is committed
/// from that moment on is not in it. It holds one state of the file until all is given: not for long. Of a store that
/// reads its journal later it has what is in panes, and from `add_open` on what the journal had.
/// Thread: its store's. Lifetime: within its store's.
class Recent {
 public:
  /// `total`: of all servers together, under no name. `below_total`: of one server, and the total that was given has
  /// it.
  enum class Part : std::uint8_t { server, below_total, total };
  struct Some {
    Part part = Part::server;
    std::vector<summary::Summary> summaries;
  };

  virtual ~Recent() = default;
  /// Some more: what is of one series and one step of time, some panes of a total, or one that was open; often nothing,
  /// since it looks for no longer than that. Summaries of panes: rates of single seconds where these are kept, else the
  /// last minute by the base level, older ones of minutes. Of all servers there is, before they are, what is derived
  /// already, so that their total does not wait for each of many. Errors: the file cannot be read; then what was open
  /// is all that is still to come.
  virtual util::Result<Some> next() = 0;
  /// All was given that there is so far.
  virtual bool is_done() const = 0;
  /// All that starts then or later was given. When the file cannot be read it stays where that was.
  virtual util::Time full_since() const = 0;
  /// To be called when all of the journal is read, before anything is committed: then there is more to give.
  virtual void add_open() = 0;
};

/// The history of many monitors' summaries, in one SQLite file: at several resolutions, bounded, each contribution
/// counted once in effect, whatever ends at any moment and whatever is sent again.
///
/// What `commit` acknowledged is on the disk, in the journal, and in memory in open panes. `flush` writes panes that
/// nothing more is awaited for, together with the numbers of what is in them; after a crash the journal makes the open
/// ones again. Coarser panes, and those of groups and of all servers, are made from finer ones and from servers, on a
/// thread of the store's own, which has the processor when nobody else wants it.
/// Thread: one, with all of it. Others read by a HistoryReader (history.h).
class Store {
 public:
  /// Opens or makes the file. `now`: wall time, here and below. Errors: the configuration, the disk, a file that is
  /// damaged, another's, newer, or open in another process.
  static util::Result<std::unique_ptr<Store>> open(const Config& config, util::Time now, Replay replay = Replay::all);
  virtual ~Store() = default;

  /// With Replay::later, to be called until all of the journal is read: takes its next entry. Before that nothing can
  /// be committed or written. Errors: the file; it is tried again with the next call.
  virtual util::Result<void> replay_next(util::Time now) = 0;
  virtual bool is_replayed() const = 0;

  /// One transaction, on the disk when it returns. An answer for each. Errors: nothing of it was taken; the sender is
  /// to try again later.
  /// `packed`: ascending; so much of the journal is not packed again.
  virtual util::Result<std::vector<Answer>> commit(std::span<const Received> batch, util::Time now,
                                                   std::span<const Packed> packed = {}) = 0;
  /// What was committed is merged into open panes later, for about so long with each call: to be called when nothing
  /// else is to be done. Whatever needs them does the rest itself. False: nothing is left.
  virtual bool merge_some(std::chrono::milliseconds patience) = 0;

  /// To be called every second or so, also when nothing comes: writes what has settled, for about so long, the rest
  /// next time, and prunes. Errors: what was not done is done next time.
  virtual util::Result<Flushed> flush(util::Time now, std::chrono::milliseconds patience = usual_patience) = 0;
  static constexpr std::chrono::milliseconds usual_patience{100};
  /// The same, and more often while it says that something is being made: writes what was derived since, and has
  /// derived what is over. It does not take long. Errors: the file; what was not written is made again.
  virtual util::Result<bool> derive_aside(util::Time now) = 0;
  /// More is open than may be (`open_mib`): a flush writes what is open longest, settled or not; when it is twice as
  /// much, all of it, however long that takes.
  virtual bool is_full() const = 0;
  /// Before the end: writes panes, settled or not, for about so long. What is left is in the journal, and what is to be
  /// derived is noted in the file: the next start goes on with both.
  virtual util::Result<void> write_open(util::Time now, std::chrono::milliseconds patience) = 0;
  /// As `flush`, with everything, settled or not, however long it takes.
  virtual util::Result<void> flush_all(util::Time now) = 0;

  /// What came in the last so many seconds of packet time (and before, in the panes that this moment lies in): back
  /// from the newest window that does not end after `now`.
  /// `most_servers`: of more than are shown nothing comes of the total itself.
  virtual util::Result<std::unique_ptr<Recent>> recent(std::uint32_t seconds, util::Time now,
                                                       std::size_t most_servers) = 0;

  /// From now on; what was counted before stays.
  virtual void set_groups(std::map<std::string, std::vector<std::string>> groups) = 0;

  virtual Counters counters() const = 0;
  /// What the operator should be told, since the last call.
  virtual std::vector<std::string> take_notes() = 0;
};

}  // namespace rata::store
