#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "summary/summary.h"

namespace rata::summary {
namespace {

Data merged(Data into, Data from) {
  merge(into, std::move(from));
  return into;
}

Counts counts(const Data& data) { return std::get<Counts>(data); }

TEST(Merge, RatesOverTheSameSpanAddTheirCounts) {
  const Rate rate = std::get<Rate>(merged(Rate{"qps", 10, 2}, Rate{"qps", 30, 2}));
  EXPECT_EQ(rate.count, 40u);
  EXPECT_EQ(rate.seconds, 2);
  EXPECT_EQ(rate.per_second(), 20);
}

TEST(Merge, EqualKeysAdd) {
  const Counts left{{"q"}, {{{"a"}, 1}, {{"c"}, 2}}, {}};
  const Counts right{{"q"}, {{{"a"}, 10}, {{"b"}, 5}, {{"d"}, 7}}, {}};
  const std::vector<CountRow> expected{{{"a"}, 11}, {{"b"}, 5}, {{"c"}, 2}, {{"d"}, 7}};
  EXPECT_EQ(counts(merged(left, right)).rows, expected);
}

TEST(Merge, NothingAddsNothing) {
  const Counts some{{"q"}, {{{"a"}, 1}}, {{{}, 1, 2}}};
  EXPECT_EQ(counts(merged(some, Counts{})).rows, some.rows);
  const Counts into_nothing = counts(merged(Counts{}, some));
  EXPECT_EQ(into_nothing.rows, some.rows);
  EXPECT_EQ(into_nothing.rest, some.rest);
  EXPECT_EQ(into_nothing.by, some.by);
}

TEST(Merge, RestsAddByPrefix) {
  const Counts left{{"q", "c"}, {}, {{{"b"}, 1, 2}, {{}, 1, 1}}};
  const Counts right{{"q", "c"}, {}, {{{}, 3, 4}, {{"a"}, 5, 6}}};
  const std::vector<RestRow> expected{{{}, 4, 5}, {{"a"}, 5, 6}, {{"b"}, 1, 2}};
  EXPECT_EQ(counts(merged(left, right)).rest, expected);
}

TEST(Merge, RecordsLineUpByTheirOrdinalAndEqualOnesKeepTheirSide) {
  const Records left{Records::Shape::lists_by_key, {{1, {"a"}, "l1"}, {5, {"a"}, "l5"}}, 1};
  const Records right{Records::Shape::lists_by_key, {{1, {"a"}, "r1"}, {2, {"a"}, "r2"}}, 2};
  const Records both = std::get<Records>(merged(left, right));
  std::string order;
  for (const Record& record : both.records) order += record.value.get<std::string>() + " ";
  EXPECT_EQ(order, "l1 r1 r2 l5 ");
  EXPECT_EQ(both.left_out, 3u);
}

Counts random_counts(std::mt19937& random) {
  std::map<std::vector<std::string>, std::uint64_t> cells;
  const int queries = static_cast<int>(random() % 60);
  for (int i = 0; i < queries; ++i)
    ++cells[{std::string(1, static_cast<char>('a' + random() % 5)), std::to_string(random() % 7)}];
  Counts counts{{"q", "c"}, {}, {}};
  for (const auto& [keys, count] : cells) counts.rows.push_back({keys, count});
  if (random() % 2) counts.rest.push_back({{}, random() % 9, random() % 9});
  if (random() % 2) counts.rest.push_back({{"a"}, random() % 9, random() % 9});
  return counts;
}

TEST(Merge, TheOrderAndTheGroupingDoNotMatter) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const Counts a = random_counts(random), b = random_counts(random), c = random_counts(random);
    const Data first = merged(merged(a, b), c);
    EXPECT_EQ(data_json(first), data_json(merged(a, merged(b, c))));
    EXPECT_EQ(data_json(first), data_json(merged(merged(c, a), b)));
    const auto& rows = std::get<Counts>(first).rows;
    EXPECT_TRUE(std::ranges::is_sorted(rows, {}, &CountRow::keys));
  }
}

}  // namespace
}  // namespace rata::summary
