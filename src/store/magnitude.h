#pragma once

#include <cstdint>

#include "summary/summary.h"

namespace rata::store {

/// What all counts of a summary add up to, 2^64 - 1 if it is more: merged, none of them grows beyond the sum of two of
/// these. Numbers and distinct values that bound themselves are not in it.
std::uint64_t magnitude(const summary::Summary& summary);

/// What one that is sent may have: doubles of that size are whole. And what one in a pane may have: four of them fit in
/// 64 bits.
constexpr std::uint64_t most_sent = std::uint64_t{1} << 53, most_kept = std::uint64_t{1} << 62;

}  // namespace rata::store
