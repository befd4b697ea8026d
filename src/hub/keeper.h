#pragma once

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
#include "hub/roster.h"
#include "serve/aggregate_views.h"
#include "store/history.h"
#include "store/store.h"
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

/// Takes what has come: on the disk first, then into the views; then the sender is told.
/// Thread: one.
class Keeper {
 public:
  using Report = std::function<void(const std::string&)>;

  Keeper(std::unique_ptr<store::Store> store, serve::SharedAggregator& aggregator, std::size_t monitors_limit,
         double clock_tolerance_seconds, Report report);

  /// Gives an aggregator what was shown before. Errors: the history cannot be read.
  util::Result<void> restore(aggregate::Aggregator& aggregator, unsigned minutes, util::Time now);
  void tolerate(double clock_tolerance_seconds) {
    clock_tolerance_ns_ = static_cast<std::int64_t>(clock_tolerance_seconds * 1e9);
  }

  void take(Inbox::Taken taken, util::Time now);
  /// What has settled is written. To be called every second or so.
  void tidy(util::Time now);
  /// What is there is written, as far as that goes quickly.
  void finish(util::Time now);

  store::Store& history() { return *store_; }
  const Roster& roster() const { return roster_; }
  /// Monitors of earlier runs, which are missed when they do not come.
  void remember(const std::vector<store::Stream>& streams, util::Time now);
  const IntakeCounters& counters() const { return counters_; }
  /// Why nothing can be committed, or no pane written, at the moment; empty: all is well.
  const std::string& trouble() const { return commit_trouble_.empty() ? flush_trouble_ : commit_trouble_; }

 private:
  /// A delivery on its way, or several messages.
  struct Work;

  std::optional<Work> opened(Inbox::Posted posted);
  void read(Work& work, util::Time now);
  void commit(std::deque<Work>& works, util::Time now);
  void settle(Work& work, std::vector<store::Answer>::const_iterator& answer, util::Time now);
  void put_off(std::deque<Work>& works, const std::string& why);
  void tell_refused(const Work& work, util::Time now);
  void note(std::string& trouble, const char* what, const util::Result<void>& outcome);

  std::unique_ptr<store::Store> store_;
  serve::SharedAggregator& aggregator_;
  Roster roster_;
  std::int64_t clock_tolerance_ns_;
  Report report_;
  IntakeCounters counters_;
  std::string commit_trouble_, flush_trouble_;
  util::Time refused_told_;  // when that was said last
};

}  // namespace rata::hub
