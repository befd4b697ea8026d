#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "util/time.h"

namespace rata::store {

/// Which sequence numbers of one source were counted, and over what time: mostly one range.
class Ranges {
 public:
  struct Range {
    std::uint64_t last = 0;
    util::Time begins, ends;  ///< the start of the first window and the end of the last

    friend bool operator==(const Range&, const Range&) = default;
  };

  /// More are not kept: then the numbers between the two lowest are given up, as if they had been counted.
  static constexpr std::size_t most = 4096;

  bool has(std::uint64_t number) const;
  /// Returns the first number of a range below which nothing changed.
  std::uint64_t add(std::uint64_t number, util::Time begins, util::Time ends);
  /// Takes over what `all` of another gave.
  void put(std::uint64_t first, const Range& range) { ranges_[first] = range; }
  /// Numbers below it are not remembered.
  void forget_below(std::uint64_t number);

  /// By first number, ascending; they neither touch nor overlap.
  const std::map<std::uint64_t, Range>& all() const { return ranges_; }

  friend bool operator==(const Ranges&, const Ranges&) = default;

 private:
  std::map<std::uint64_t, Range> ranges_;
};

}  // namespace rata::store
