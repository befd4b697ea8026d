#pragma once

#include <cstddef>

#include "summary/summary.h"

namespace rata::summary {

/// Leaves `rows` of whatever grows with the traffic, for those who keep summaries for long.
/// Counters and measures, also inside values: at most `rows` keys of the first dimension, those with the largest sums
/// (of equal ones the smaller octets), and below each at most `rows` rows, five times `rows` below all. What goes is
/// added to the rests, so that the sum of rows and rests stays what it was and every bound is true. A top: its largest
/// entries. A list: its last entries; the others are left out.
void cut(Data& data, std::size_t rows);

/// It holds at most `numbers` numbers, texts or entries of tops, and neither lists nor quantiles. A distinct count is
/// as many as it takes words of memory.
bool is_small(const Data& data, std::size_t numbers);

}  // namespace rata::summary
