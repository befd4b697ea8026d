#include "traffic/truth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace rata::traffic {
namespace {

std::vector<std::uint8_t> wire(std::uint32_t number) {
  const std::string label = "n" + std::to_string(number);
  std::vector<std::uint8_t> name(label.size() + 2);
  name[0] = static_cast<std::uint8_t>(label.size());
  std::copy(label.begin(), label.end(), name.begin() + 1);
  return name;
}

TEST(NameCounts, names_keep_their_counts_while_the_table_grows) {
  NameCounts counts;
  constexpr std::uint32_t names = 700'000;  // the table grows twice
  for (std::uint32_t i = 0; i < names; ++i) counts.add(wire(i));
  for (std::uint32_t i = 0; i < 30; ++i) {
    for (std::uint32_t again = 0; again < i; ++again) counts.add(wire(i));
  }
  EXPECT_EQ(counts.distinct(), names);
  const auto top = counts.top(20);
  ASSERT_EQ(top.size(), 20U);
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto expected = wire(29 - i);
    EXPECT_EQ(top[i].count, 30 - i);
    const auto name = counts.name(top[i]).first(expected.size());
    EXPECT_EQ(std::vector(name.begin(), name.end()), expected);
  }
}

TEST(NameCounts, fewer_names_than_asked_for_are_all_there_are) {
  NameCounts counts;
  counts.add(wire(1));
  counts.add(wire(1));
  ASSERT_EQ(counts.top(20).size(), 1U);
  EXPECT_EQ(counts.top(20)[0].count, 2U);
}

TEST(CodeCounts, codes_are_sorted_by_number) {
  CodeCounts counts;
  for (const std::uint32_t code : {28U, 1U, 28U, 255U, 1U, 28U}) counts.add(code);
  EXPECT_EQ(counts.sorted(), (std::map<std::uint32_t, std::uint64_t>{{1, 2}, {28, 3}, {255, 1}}));
}

}  // namespace
}  // namespace rata::traffic
