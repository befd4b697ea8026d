#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
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

/// A pane that is still added to, in memory. What it holds may be a part of what the file has for that time.
struct OpenPane {
  Pane pane;
  Pane fine;                  ///< its single seconds, where they are small
  util::Time begun, changed;  ///< wall time
  std::uint64_t octets = 0;   ///< of the lines in it
  std::vector<Contribution> contributions;
};

class OpenPanes {
 public:
  /// `is_fine`: its single seconds are kept too. Returns how many summaries were lost (add in pane.h).
  std::size_t add(const Key& key, const summary::Summary& summary, bool is_fine, const Contribution& contribution,
                  std::uint64_t octets, util::Time now);
  /// Those that nothing came to for so many seconds of wall time, or that the series has left behind by as much packet
  /// time (a file is read faster than time goes), or that have been open too long.
  std::vector<Key> settled(util::Time now, std::uint32_t seconds) const;
  std::vector<Key> all() const;

  const OpenPane& at(const Key& key) const { return panes_.at(key); }
  const std::map<Key, OpenPane>& panes() const { return panes_; }
  void erase(const std::vector<Key>& keys);
  std::uint64_t octets() const { return octets_; }

 private:
  std::map<Key, OpenPane> panes_;
  std::uint64_t octets_ = 0;
};

}  // namespace rata::store
