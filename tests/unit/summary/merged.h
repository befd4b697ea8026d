#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "summary/merge.h"

namespace rata::summary {

using Random = std::mt19937;

inline std::uint64_t below(Random& random, std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}

/// Merges the parts in a random order and grouping.
template <typename Part>
Part merged(std::vector<Part> parts, Random& random, Relation relation = Relation::consecutive) {
  std::ranges::shuffle(parts, random);
  while (parts.size() > 1) {
    const std::size_t into = below(random, parts.size() - 1);
    const auto next = parts.begin() + static_cast<std::ptrdiff_t>(into) + 1;
    EXPECT_TRUE(merge(parts[into], std::move(*next), relation));
    parts.erase(next);
    if (below(random, 2) == 0) std::ranges::shuffle(parts, random);
  }
  return parts.front();
}

}  // namespace rata::summary
