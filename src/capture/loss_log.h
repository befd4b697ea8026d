#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "util/time.h"

namespace rata::capture {

/// When how much was lost: a ring that runs over holds packets that are older than those lost, and those are read, and
/// their windows closed, only later.
class LossLog {
 public:
  /// So much more was lost since the last note, and noticed now.
  void note(std::uint64_t more, util::Time now) {
    total_ += more;
    if (more == 0) return;
    Entry& newest = entries_[(next_ - 1) % entries_.size()];
    if (next_ > 0 && now.ns - newest.since.ns < grain_ns) {
      newest.total = total_;
      return;
    }
    entries_[next_++ % entries_.size()] = {now, total_};
  }

  std::uint64_t total() const { return total_; }

  /// What was lost before `time`; what is too long ago to be known counts as lost before.
  std::uint64_t before(util::Time time) const {
    const std::size_t kept = std::min(next_, entries_.size());
    for (std::size_t back = 1; back <= kept; ++back) {
      const Entry& entry = entries_[(next_ - back) % entries_.size()];
      if (entry.since < time) return entry.total;
    }
    return next_ > kept ? entries_[next_ % entries_.size()].total : 0;
  }

 private:
  struct Entry {
    util::Time since;
    std::uint64_t total = 0;  ///< with all before
  };
  static constexpr std::int64_t grain_ns = util::ns_per_second / 10;

  std::array<Entry, 256> entries_{};
  std::size_t next_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace rata::capture
