#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "store/catalogue.h"
#include "store/pane.h"
#include "util/time.h"

namespace rata::store {

/// A summary that is in the journal and in an open pane.
struct Contribution {
  Source* source = nullptr;
  std::uint64_t sequence = 0;
  util::Time begins, ends;
  std::int64_t entry = 0;  ///< of the journal
};

/// A pane that is still added to, in memory. What it holds, when all that waits is merged, may be a part of what the
/// file has for that time.
struct OpenPane {
  Pane pane;
  Pane fine;                  ///< its single seconds, where they are small
  util::Time begun, changed;  ///< wall time
  std::uint64_t octets = 0;   ///< of the lines in it
  std::vector<Contribution> contributions;
};

/// Merging costs more than all else that is done with a summary before it is acknowledged: it waits, unless too much
/// does, until there is time, or somebody needs the panes.
class OpenPanes {
 public:
  /// `is_fine`: its single seconds are kept too. See Received for `summary`.
  void add(const Key& key, std::shared_ptr<summary::Summary> summary, bool is_fine, const Contribution& contribution,
           std::uint64_t octets, util::Time now);
  /// What waits, until the deadline, at least one. Returns how many summaries were lost (add in pane.h).
  std::size_t merge(std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());
  bool is_merged() const { return waiting_.empty(); }
  /// Those that nothing came to for so many seconds of wall time, or that the series has left behind by as much packet
  /// time (a file is read faster than time goes), or that have been open too long.
  std::vector<Key> settled(util::Time now, std::uint32_t seconds) const;
  std::vector<Key> all() const;
  /// Up to so many, those that are open longest, these first. What was opened after `now`, before the clock was set
  /// back, is older than all else.
  std::vector<Key> open_longest(util::Time now, std::size_t how_many) const;

  const OpenPane& at(const Key& key) const { return panes_.at(key); }
  const std::map<Key, OpenPane>& panes() const { return panes_; }
  void erase(const std::vector<Key>& keys);
  std::uint64_t octets() const { return octets_; }

 private:
  struct Waiting {
    Key key;
    std::shared_ptr<summary::Summary> summary;
    std::uint64_t octets = 0;
    bool is_fine = false;
  };

  std::size_t merge_next();

  std::map<Key, OpenPane> panes_;
  std::uint64_t octets_ = 0;
  std::deque<Waiting> waiting_;
  std::uint64_t waiting_octets_ = 0;
  std::size_t lost_ = 0;  // and not told yet
};

}  // namespace rata::store
