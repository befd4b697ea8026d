#include "traffic/load_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rata::traffic {
namespace {

TEST(LoadPlan, the_last_part_of_each_period_is_an_attack) {
  Options options;
  options.qps = 100;
  options.junk = .2;
  options.attack_cycle = {.period_s = 60, .length_s = 15, .share = .7, .rate_factor = 3};
  const LoadPlan plan(options);
  const struct {
    double now_s;
    bool attack;
  } cases[] = {{0, false},
               {44.9, false},
               {45, true},
               {59.9, true},
               {60, false},
               {104.9, false},
               {105, true},
               // after a year
               {31'536'000 + 44.9, false},
               {31'536'000 + 45.1, true}};
  for (const auto& [now_s, attack] : cases) {
    EXPECT_EQ(plan.at(now_s).attack, attack) << now_s;
    EXPECT_DOUBLE_EQ(plan.at(now_s).junk_share, attack ? .7 : .2) << now_s;
    EXPECT_DOUBLE_EQ(plan.rate(now_s), attack ? 300 : 100) << now_s;
  }
}

TEST(LoadPlan, without_sway_the_rate_is_exactly_that_asked_for) {
  Options options;
  options.qps = 123.456;
  const LoadPlan plan(options);
  for (const double now_s : {0.0, .1, 1234.5}) EXPECT_EQ(plan.rate(now_s), 123.456);
}

TEST(LoadPlan, the_rate_sways_within_bounds_slowly_and_around_the_one_asked_for) {
  Options options;
  options.qps = 1000;
  options.sway = .15;
  const LoadPlan plan(options);
  double least = 1e9, most = 0, sum = 0, last = plan.rate(0);
  constexpr int steps = 12'000;  // 20 minutes, ten of the slow wave's periods
  for (int i = 0; i < steps; ++i) {
    const double rate = plan.rate(i * .1);
    EXPECT_LT(std::abs(rate - last), 15) << i;  // in a tenth of a second
    least = std::min(least, rate);
    most = std::max(most, rate);
    sum += rate;
    last = rate;
  }
  EXPECT_GE(least, 850);
  EXPECT_LT(least, 900);
  EXPECT_LE(most, 1150);
  EXPECT_GT(most, 1100);
  EXPECT_NEAR(sum / steps, 1000, 10);
}

}  // namespace
}  // namespace rata::traffic
