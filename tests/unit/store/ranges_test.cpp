#include "store/ranges.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace rata::store {
namespace {

util::Time second(std::uint64_t number) { return util::from_seconds(static_cast<std::int64_t>(number)); }

TEST(Ranges, Hold_what_was_added_in_any_order) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    Ranges ranges;
    std::set<std::uint64_t> model;
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t number = random() % 200;
      ranges.add(number, second(number), second(number + 1));
      model.insert(number);
      for (std::uint64_t one = 0; one < 201; ++one) ASSERT_EQ(ranges.has(one), model.contains(one)) << seed;
    }
    std::uint64_t held = 0, last = 0;
    for (const auto& [first, range] : ranges.all()) {
      EXPECT_TRUE(held == 0 || first > last + 1) << "ranges that touch are one";
      EXPECT_EQ(range.begins, second(first));
      EXPECT_EQ(range.ends, second(range.last + 1));
      held += range.last - first + 1;
      last = range.last;
    }
    EXPECT_EQ(held, model.size());
  }
}

TEST(Ranges, Say_from_where_on_they_changed) {
  Ranges ranges;
  EXPECT_EQ(ranges.add(5, second(5), second(6)), 5u);
  EXPECT_EQ(ranges.add(7, second(7), second(8)), 7u);
  EXPECT_EQ(ranges.add(6, second(6), second(7)), 5u);
  EXPECT_EQ(ranges.add(4, second(4), second(5)), 4u);
}

TEST(Ranges, Give_up_the_oldest_gap_when_there_are_too_many) {
  Ranges ranges;
  for (std::uint64_t i = 0; i < Ranges::most; ++i) ranges.add(10 + 2 * i, second(0), second(1));
  EXPECT_FALSE(ranges.has(11));
  EXPECT_EQ(ranges.add(1'000'000, second(0), second(1)), 10u);
  EXPECT_EQ(ranges.all().size(), Ranges::most);
  EXPECT_TRUE(ranges.has(11));
  EXPECT_FALSE(ranges.has(13));
}

TEST(Ranges, Forget_what_is_below) {
  Ranges ranges;
  for (const std::uint64_t number : {1, 2, 3, 8}) ranges.add(number, second(number), second(number + 1));
  ranges.forget_below(4);
  EXPECT_FALSE(ranges.has(2));
  EXPECT_TRUE(ranges.has(8));
}

}  // namespace
}  // namespace rata::store
