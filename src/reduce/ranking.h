#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "summary/summary.h"

namespace rata::reduce {

/// Counts by one dimension as a ranking of which `shown` are shown.
inline summary::Top ranking_of(summary::Counts counts, std::uint64_t shown) {
  summary::Top top{.limit = shown};
  top.entries.reserve(counts.rows.size());
  for (summary::CountRow& row : counts.rows)
    top.entries.push_back({.name = std::string(row.keys.front()), .count = row.count, .extra = counts.error});
  top.absent = counts.error;
  for (const summary::RestRow& rest : counts.rest) top.absent = std::max(top.absent, rest.most + counts.error);
  return top;
}

}  // namespace rata::reduce
