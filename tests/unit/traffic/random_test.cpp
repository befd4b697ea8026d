#include "traffic/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "traffic/alias_table.h"

namespace rata::traffic {
namespace {

constexpr int draws = 1'000'000;

/// Four deviations of a count that is drawn `draws` times with `share`: one run in 16,000 would fail by chance, and the
/// seed is fixed.
double tolerance(double share) { return 4 * std::sqrt(share * (1 - share) / draws) + 1e-9; }

std::vector<double> shares_drawn(const AliasTable& table, std::size_t size) {
  Random random(7);
  std::vector<double> shares(size);
  for (int i = 0; i < draws; ++i) shares[table.draw(random)] += 1.0 / draws;
  return shares;
}

TEST(AliasTable, indices_come_as_often_as_they_weigh) {
  const std::vector<double> weights = {52, 22, 0, 4, 5, .5, 16.5};
  const std::vector<double> shares = shares_drawn(AliasTable(weights), weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    EXPECT_NEAR(shares[i], weights[i] / 100, tolerance(weights[i] / 100)) << i;
}

TEST(AliasTable, a_single_index_is_always_drawn) {
  EXPECT_NEAR(shares_drawn(AliasTable(std::vector<double>{3}), 1)[0], 1, 1e-6);
}

TEST(AliasTable, ranks_follow_zipfs_law) {
  constexpr std::uint32_t count = 1000;
  constexpr double exponent = .9;
  double sum = 0;
  for (int rank = 1; rank <= static_cast<int>(count); ++rank) sum += std::pow(rank, -exponent);
  const std::vector<double> shares = shares_drawn(AliasTable::zipf(count, exponent), count);
  for (const std::size_t rank : {1U, 2U, 3U, 10U, 100U, 1000U}) {
    const double expected = std::pow(static_cast<double>(rank), -exponent) / sum;
    EXPECT_NEAR(shares[rank - 1], expected, tolerance(expected)) << rank;
  }
}

TEST(Random, below_is_even_and_stays_below) {
  Random random(3);
  std::vector<int> counts(7);
  for (int i = 0; i < draws; ++i) {
    const std::uint32_t value = random.below(7);
    ASSERT_LT(value, 7U);
    ++counts[value];
  }
  for (const int count : counts) EXPECT_NEAR(static_cast<double>(count) / draws, 1 / 7.0, tolerance(1 / 7.0));
}

TEST(Random, normal_has_mean_0_and_deviation_1) {
  Random random(5);
  double sum = 0, squares = 0;
  for (int i = 0; i < draws; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / draws, 0, .005);
  EXPECT_NEAR(squares / draws, 1, .01);
}

}  // namespace
}  // namespace rata::traffic
