#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "traffic/random.h"

namespace rata::traffic {

/// A discrete distribution drawn from in constant time. Source: Walker's alias method, built as Vose (1991) does.
class AliasTable {
 public:
  AliasTable() = default;

  /// Index i is drawn with a share of weights[i] over the sum of all.
  explicit AliasTable(std::span<const double> weights);

  /// Ranks 0 .. count-1, rank r with a weight of (r + 1) to the power of -exponent.
  static AliasTable zipf(std::uint32_t count, double exponent);

  /// One draw. The table must not be empty.
  std::uint32_t draw(Random& random) const {
    const std::uint64_t bits = random.next();
    const auto column = static_cast<std::uint32_t>((bits & 0xffffffff) * columns_.size() >> 32);
    const Column& chosen = columns_[column];
    return static_cast<std::uint32_t>(bits >> 32) < chosen.cut ? column : chosen.other;
  }

 private:
  /// A column of the table: below `cut` (of 2^32) it stands for its own index, above it for `other`.
  struct Column {
    std::uint32_t cut = 0xffffffff;
    std::uint32_t other = 0;
  };
  std::vector<Column> columns_;
};

}  // namespace rata::traffic
