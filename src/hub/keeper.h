#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/batch.h"
#include "hub/config.h"
#include "hub/inbox.h"
#include "hub/names.h"
#include "hub/roster.h"
#include "hub/view_counters.h"
#include "serve/aggregate_views.h"
#include "store/history.h"
#include "store/store.h"
#include "util/guarded.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::hub {

/// What has come in. Summaries: lines = put_off_lines + refused_lines + lost_messages + what the store has committed,
/// repeated, too_old and refused.
struct IntakeCounters {
  std::uint64_t lines = 0;          ///< of batches and messages, one a summary
  std::uint64_t put_off_lines = 0;  ///< of those, answered with "later": they come again
  std::uint64_t batches = 0, later_batches = 0, unreadable_batches = 0;
  std::uint64_t refused_lines = 0;  ///< of batches: they are no summaries, or not of a server that the sender may
  std::uint64_t messages = 0;       ///< from Redis
  std::uint64_t unreadable_messages = 0;
  std::uint64_t lost_messages = 0;  ///< from Redis, while nothing could be committed: nobody sends them again
};

/// Of views that are not whole: what starts then or later is in them.
struct Restoring {
  util::Time full_since;
  bool is_failed = false;  ///< nothing more is on its way: what is older could not be read
};

/// Takes what has come: on the disk first, then into the views; then the sender is told.
/// Thread: one.
class Keeper {
 public:
  using Report = std::function<void(const std::string&)>;

  Keeper(std::unique_ptr<store::Store> store, serve::SharedAggregator& aggregator, std::size_t servers_limit,
         double clock_tolerance_seconds, Report report);

  /// From now on `restore_some` gives the aggregator that is shown what was there before; what comes meanwhile goes to
  /// it at once. Errors, here and below: the history cannot be read.
  util::Result<void> restore(unsigned minutes, util::Time now);
  /// The same for another, which takes its place with `show_prepared`, when `is_prepared` says that all was given.
  util::Result<void> prepare(std::unique_ptr<aggregate::Aggregator> aggregator, unsigned minutes, util::Time now);
  bool is_prepared() const { return prepared_.aggregator != nullptr && prepared_.rest == nullptr; }
  void show_prepared();
  void drop_prepared() { prepared_ = {}; }
  /// For about so long: the last minute, what was open, then what is older, the newest first. After an error: what was
  /// open is all that is still shown.
  util::Result<void> restore_some(std::chrono::milliseconds patience, util::Time now);
  /// Whether there is anything for `restore_some` to do.
  bool is_restoring() const { return !is_ready() || shown_rest_ != nullptr || prepared_.rest != nullptr; }
  /// What came before the start is known, so that what is sent again counts once: from then on `take` and `tidy`.
  bool is_ready() const { return store_->is_replayed(); }
  /// Nothing: all is shown that the longest span before the watermark has.
  std::optional<Restoring> restoring(util::Time watermark) const;
  /// Of the aggregator that is shown, which has these: as if it had always been there. What it was given that others
  /// had counted before it does not count again.
  aggregate::Aggregator::Counters view_counters(const aggregate::Aggregator::Counters& shown) const {
    return view_counters_.of(shown);
  }

  void tolerate(double clock_tolerance_seconds) {
    clock_tolerance_ns_ = static_cast<std::int64_t>(clock_tolerance_seconds * 1e9);
  }

  void take(Inbox::Taken taken, util::Time now);
  /// What was committed goes into panes, and what has settled is written, every second or so, bit by bit: to be called
  /// often. Unless `is_idle` only when much waits already. True: there is more that can be done at once.
  bool tidy(util::Time now, bool is_idle);
  /// What is there is written, as far as that goes quickly; nothing before `is_ready`.
  void finish(util::Time now);

  store::Store& history() { return *store_; }
  const Roster& roster() const { return roster_; }
  /// Monitors of earlier runs, which are missed when they do not come.
  void remember(const std::vector<store::Stream>& streams, util::Time now);
  /// Of all that is in the views. Thread: any.
  Names names() const {
    return names_.with([](const Names& names) { return names; });
  }
  const IntakeCounters& counters() const { return counters_; }
  /// Why nothing can be committed, or no pane written or derived, at the moment; empty: all is well.
  const std::string& trouble() const {
    if (!commit_trouble_.empty()) return commit_trouble_;
    return flush_trouble_.empty() ? derive_trouble_ : flush_trouble_;
  }

 private:
  /// A delivery on its way, or several messages.
  struct Work;

  /// An aggregator that takes the place of the one that is shown, and what it has not got yet.
  struct Prepared {
    std::unique_ptr<aggregate::Aggregator> aggregator;
    std::unique_ptr<store::Recent> rest;
    unsigned minutes = 0;
  };

  /// Takes some of the journal. False: it cannot be read.
  bool replay_some(util::Time now);
  util::Result<std::unique_ptr<store::Recent>> recent(unsigned minutes, util::Time now);
  /// Before it is in a view: whoever sees it there may ask for its history.
  void hear(const summary::Summary& summary);
  /// To the aggregator that is shown, or to the one that is prepared.
  void give(const store::Recent::Some& some, bool prepares);
  bool is_tidying_due(bool is_idle) const;
  void derive(util::Time now);
  std::optional<Work> opened(Inbox::Posted posted);
  void read(Work& work, util::Time now);
  void commit(std::deque<Work>& works, util::Time now);
  void settle(Work& work, std::vector<store::Answer>::const_iterator& answer, util::Time now);
  void put_off(std::deque<Work>& works, const std::string& why);
  void tell_refused(const Work& work, util::Time now);
  void note(std::string& trouble, const char* what, const util::Result<void>& outcome);

  std::unique_ptr<store::Store> store_;
  serve::SharedAggregator& aggregator_;
  util::Time restored_at_;                     // when that began
  std::unique_ptr<store::Recent> shown_rest_;  // null: nothing is left to restore
  unsigned shown_minutes_ = 0;                 // its longest span
  std::optional<util::Time> lacks_before_;     // that could not be read, and is not shown
  ViewCounters view_counters_;
  Prepared prepared_;
  std::chrono::steady_clock::time_point tidied_ =
      std::chrono::steady_clock::now();                // when nothing was left to write last
  std::chrono::steady_clock::time_point derive_at_{};  // the next time
  const std::size_t most_servers_;                     // that the views show
  Roster roster_;
  util::Guarded<Names> names_;
  std::int64_t clock_tolerance_ns_;
  Report report_;
  IntakeCounters counters_;
  std::string commit_trouble_, flush_trouble_, derive_trouble_;
  util::Time refused_told_;  // when that was said last
};

}  // namespace rata::hub
