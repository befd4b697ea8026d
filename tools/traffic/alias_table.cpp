#include "traffic/alias_table.h"

#include <cmath>
#include <numeric>

namespace rata::traffic {

AliasTable::AliasTable(std::span<const double> weights) : columns_(weights.size()) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> height(weights.size());  // 1 is a full column
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> high;
  for (std::uint32_t i = 0; i < height.size(); ++i) {
    height[i] = weights[i] / sum * static_cast<double>(height.size());
    columns_[i].other = i;
    (height[i] < 1 ? low : high).push_back(i);
  }
  // Each low column is filled up from a high one, which may become low by it.
  while (!low.empty() && !high.empty()) {
    const std::uint32_t filled = low.back();
    const std::uint32_t giver = high.back();
    low.pop_back();
    columns_[filled] = {static_cast<std::uint32_t>(height[filled] * 4294967295.0), giver};
    height[giver] -= 1 - height[filled];
    if (height[giver] < 1) {
      high.pop_back();
      low.push_back(giver);
    }
  }
}

AliasTable AliasTable::zipf(std::uint32_t count, double exponent) {
  std::vector<double> weights(count);
  for (std::uint32_t i = 0; i < count; ++i) weights[i] = std::pow(static_cast<double>(i) + 1, -exponent);
  return AliasTable(weights);
}

}  // namespace rata::traffic
