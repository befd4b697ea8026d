#include "summary/cut.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "random_data.h"
#include "summary/merge.h"

namespace rata::summary {
namespace {

using Keys = std::vector<std::string>;
using Truth = std::map<Keys, std::uint64_t>;

Truth random_truth(Random& random, std::size_t dimensions) {
  Truth truth;
  for (std::uint64_t i = 20 + below(random, 300); i > 0; --i) {
    Keys keys;
    for (std::size_t depth = 0; depth < dimensions; ++depth)
      keys.push_back("k" + std::to_string(std::min(below(random, 12), below(random, 12))));
    ++truth[keys];
  }
  return truth;
}

Counts counts_of(const Truth& truth, std::size_t dimensions) {
  Counts counts{.by = Keys(dimensions, "any"), .rows = {}, .rest = {}};
  for (const auto& [keys, count] : truth) counts.rows.push_back({keys, count});
  return counts;
}

std::uint64_t total(const Counts& counts) {
  std::uint64_t total = 0;
  for (const CountRow& row : counts.rows) total += row.count;
  for (const RestRow& rest : counts.rest) total += rest.count;
  return total;
}

/// At least the row; at most that, the error, and what each rest with its prefix says.
void expect_bounds(const Counts& counts, const Truth& truth) {
  for (const auto& [keys, count] : truth) {
    std::uint64_t least = 0, most = counts.error;
    for (const CountRow& row : counts.rows)
      if (row.keys == keys) least = row.count;
    for (const RestRow& rest : counts.rest)
      if (std::equal(rest.prefix.begin(), rest.prefix.end(), keys.begin())) most += rest.most;
    EXPECT_LE(least, count);
    EXPECT_GE(least + most, count);
  }
}

void expect_within(const Counts& counts, std::size_t rows) {
  std::map<std::string, std::size_t> first_keys;
  for (const CountRow& row : counts.rows) ++first_keys[std::string(row.keys.front())];
  for (const auto& [key, below_it] : first_keys) EXPECT_LE(below_it, rows);
  for (const RestRow& rest : counts.rest)
    if (!rest.prefix.empty()) first_keys[std::string(rest.prefix.front())];
  EXPECT_LE(first_keys.size(), rows);
  EXPECT_LE(counts.rows.size(), 5 * rows);
  EXPECT_TRUE(std::ranges::is_sorted(counts.rows, {}, &CountRow::keys));
}

TEST(Cut, OfCountersEverySumStaysAndEveryBoundIsTrueAlsoWhenTheyMerge) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const std::size_t dimensions = 1 + seed % 3, rows = 1 + below(random, 6);
    Truth all;
    Data merged_data;
    for (int part = 0; part < 3; ++part) {
      const Truth truth = random_truth(random, dimensions);
      for (const auto& [keys, count] : truth) all[keys] += count;
      Data data = counts_of(truth, dimensions);
      cut(data, rows + 2);
      cut(data, rows);
      const auto& counts = std::get<Counts>(data);
      expect_within(counts, rows);
      expect_bounds(counts, truth);
      EXPECT_EQ(total(counts), total(counts_of(truth, dimensions)));
      if (part == 0)
        merged_data = std::move(data);
      else
        ASSERT_TRUE(merge(merged_data, std::move(data), Relation::consecutive));
    }
    for (int cuts = 0; cuts < 2; ++cuts) {
      expect_bounds(std::get<Counts>(merged_data), all);
      EXPECT_EQ(total(std::get<Counts>(merged_data)), total(counts_of(all, dimensions)));
      cut(merged_data, rows);
    }
  }
}

TEST(Cut, KeepsTheLargestAndOfEqualOnesTheSmallerOctets) {
  Data data = Counts{.by = {"a", "b"},
                     .rows = {{{"x", "1"}, 5}, {{"x", "2"}, 5}, {{"x", "3"}, 5}, {{"y", "1"}, 15}, {{"z", "1"}, 15}},
                     .rest = {{{"x"}, 2, 3, 2}, {{"z"}, 1, 1, 1}}};
  cut(data, 2);
  const auto& counts = std::get<Counts>(data);
  EXPECT_EQ(counts.rows, (std::vector<CountRow>{{{"x", "1"}, 5}, {{"x", "2"}, 5}, {{"z", "1"}, 15}}));
  EXPECT_EQ(counts.rest, (std::vector<RestRow>{{{}, 1, 15, 15}, {{"x"}, 3, 8, 7}, {{"z"}, 1, 1, 1}}));
}

TEST(Cut, LeavesWhatIsSmallEnoughAsItIs) {
  for (unsigned seed = 0; seed < 20; ++seed)
    for (std::uint64_t form = 0; form < data_forms; ++form) {
      Random random(seed);
      Data data = random_data(random, form, true);
      const std::string before = data_json(data).dump();
      cut(data, 1000);
      EXPECT_EQ(data_json(data).dump(), before);
    }
}

TEST(Cut, OfMeasuresTheValuesStayBesideTheirRows) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    Random random(seed);
    Data data = random_measures(random, true, true);
    const std::uint64_t before = total(std::get<Measures>(data).counts);
    cut(data, 3);
    const auto& measures = std::get<Measures>(data);
    EXPECT_EQ(total(measures.counts), before);
    expect_within(measures.counts, 3);
    ASSERT_EQ(measures.values.size(), measures.counts.rows.size());
    for (std::size_t row = 0; row < measures.values.size(); ++row)
      EXPECT_EQ(std::get<std::uint64_t>(measures.values[row][1]), measures.counts.rows[row].count);
  }
}

TEST(Cut, OfATopTheLargestStayAndNoneThatWentCanHaveMoreThanIsSaid) {
  Data data = Top{.limit = 9, .entries = {{"a.", 5, 1}, {"b.", 7, 0}, {"c.", 4, 3}}, .absent = 2};
  cut(data, 1);
  const auto& top = std::get<Top>(data);
  EXPECT_EQ(top.entries, (std::vector<Top::Entry>{{"b.", 7, 0}}));
  EXPECT_EQ(top.absent, 2u);
  EXPECT_EQ(top.cut, 7u);
}

TEST(Cut, OfListsTheLastStayAndTheOthersAreLeftOut) {
  Data lists[] = {Records{Records::Shape::list, {{1, {}, "a"}, {2, {}, "b"}, {3, {}, "c"}}, 4},
                  Alone{3, 0, {{1, {"x"}, "a"}, {2, {"y"}, "b"}, {3, {"z"}, "c"}}, {}, 4},
                  Values{Map{{"seen", Items{{{1, {}, "a"}, {2, {}, "b"}, {3, {}, "c"}}, 4}}}}};
  for (Data& data : lists) {
    cut(data, 1);
    EXPECT_EQ(left_out(data), 6u);
    const std::string text = data_json(data).dump();
    EXPECT_TRUE(text.find("\"c\"") != std::string::npos && text.find("\"a\"") == std::string::npos) << text;
  }
}

TEST(Cut, ReachesTheCountersOfAScript) {
  Random random(1);
  Data data = Values{Map{{"names", counts_of(random_truth(random, 1), 1)}}};
  cut(data, 2);
  const Value& names = std::get<Map>(std::get<Values>(data).root.node).at("names");
  EXPECT_EQ(std::get<Counts>(names.node).rows.size(), 2u);
}

TEST(IsSmall, CountsWhatHistoryWouldKeep) {
  const Counts two{.by = {"a"}, .rows = {{{"x"}, 1}, {{"y"}, 1}}, .rest = {}};
  EXPECT_TRUE(is_small(Rate{"qps", 8, 1}, 1));
  EXPECT_TRUE(is_small(two, 2));
  EXPECT_FALSE(is_small(two, 1));
  EXPECT_TRUE(is_small(Values{Map{{"a", true}, {"b", Map{{"c", two}}}}}, 3));
  EXPECT_FALSE(is_small(Values{Map{{"a", true}, {"b", Map{{"c", two}}}}}, 2));
  EXPECT_FALSE(is_small(Values{Map{{"a", Quantiles{}}}}, 100));
  EXPECT_TRUE(is_small(Measures{two, {"count"}, {{std::uint64_t{1}}, {std::uint64_t{1}}}}, 2));
  EXPECT_FALSE(is_small(Measures{two, {"count"}, {{std::uint64_t{1}}, {std::uint64_t{1}}}}, 1));
  EXPECT_FALSE(is_small(Records{}, 100));
  EXPECT_TRUE(is_small(Nothing{}, 0));
}

}  // namespace
}  // namespace rata::summary
