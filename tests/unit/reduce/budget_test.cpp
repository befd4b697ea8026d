#include "reduce/budget.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "reduce/code_table.h"
#include "reduce/key_table.h"
#include "util/hash.h"

namespace rata::reduce {
namespace {

void add(KeyTable& table, const std::string& text, std::uint64_t count = 1) {
  const std::span<const std::uint8_t> key{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  table.add(util::table_hash(key), key, count);
}

std::map<std::uint64_t, std::uint64_t> content(const CodeTable& table) {
  std::map<std::uint64_t, std::uint64_t> map;
  table.each([&](const CodeTable::Entry& entry) { map[entry.key] = entry.count; });
  return map;
}

TEST(CodeTable, Counts_as_a_map_does) {
  CodeTable table(1u << 20);
  std::map<std::uint64_t, std::uint64_t> truth;
  std::mt19937_64 random(3);
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t key = i % 3 == 0 ? random() : random() % 500 << (i % 40);
    table.add(key);
    ++truth[key];
  }
  EXPECT_EQ(content(table), truth);
  EXPECT_EQ(table.error(), 0u);
  CodeTable other(1u << 20);
  other.add(7, 5);
  table.absorb(std::move(other));
  truth[7] += 5;
  EXPECT_EQ(content(table), truth);
  EXPECT_EQ(other.size(), 0u);
  table.clear();
  EXPECT_TRUE(content(table).empty());
}

TEST(CodeTable, A_full_one_keeps_the_frequent_keys_within_its_stated_error) {
  CodeTable table(1000);
  std::map<std::uint64_t, std::uint64_t> truth;
  std::mt19937_64 random(11);
  for (int i = 0; i < 300'000; ++i) {
    const std::uint64_t key = random() % 10 == 0 ? random() % 20 : random();
    table.add(key);
    ++truth[key];
  }
  EXPECT_LE(table.size(), 1000u);
  std::uint64_t kept = 0;
  for (const auto& [key, count] : content(table)) {
    EXPECT_LE(truth[key] - count, table.error());
    kept += count;
  }
  EXPECT_EQ(kept + table.dropped_count(), 300'000u);
  for (std::uint64_t key = 0; key < 20; ++key) EXPECT_TRUE(content(table).contains(key)) << key;
}

TEST(Budget, Tables_together_stay_within_it_and_the_largest_gives_way) {
  constexpr std::size_t limit = 1u << 20;
  Budget budget(limit);
  KeyTable names(SIZE_MAX, &budget), few(SIZE_MAX, &budget);
  CodeTable codes(SIZE_MAX, &budget);
  std::size_t most = 0;
  for (int i = 0; i < 200'000; ++i) {
    add(names, "a-random-name-that-nobody-asks-for-twice-" + std::to_string(i));
    if (i % 100 == 0) add(names, "often");
    add(few, std::to_string(i % 50));
    codes.add(static_cast<std::uint64_t>(i) % 1000);
    if (static_cast<std::size_t>(i) % settle_packets == 0) budget.settle();
    most = std::max(most, budget.used());
    ASSERT_EQ(budget.used(), names.octets() + few.octets() + codes.octets());
  }
  EXPECT_LE(most, limit);
  EXPECT_GT(most, limit / 3) << "what there is can be used";
  EXPECT_GT(names.dropped_keys(), 0u);
  EXPECT_EQ(few.error(), 0u);
  EXPECT_EQ(few.size(), 50u);
  EXPECT_EQ(codes.error(), 0u);
  EXPECT_EQ(codes.size(), 1000u);
}

TEST(Budget, What_a_table_took_comes_back_when_it_goes) {
  Budget budget(1u << 20);
  {
    KeyTable table(SIZE_MAX, &budget);
    for (int i = 0; i < 1000; ++i) add(table, std::to_string(i));
    KeyTable other(SIZE_MAX, &budget);
    other.absorb(std::move(table));
    EXPECT_EQ(budget.used(), table.octets() + other.octets());
    other.clear();
    EXPECT_EQ(budget.used(), table.octets() + other.octets());
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(Budget, What_others_left_in_a_table_costs_its_shard_nothing_in_the_next_window) {
  Budget budget(1u << 20), others(Budget::unlimited);
  KeyTable first(SIZE_MAX, &budget);
  for (int window = 0; window < 4; ++window) {
    KeyTable sibling(SIZE_MAX, &others);
    for (int i = 0; i < 10'000; ++i) add(sibling, "of-another-shard-" + std::to_string(i));
    for (int i = 0; i < 2000; ++i) {
      add(first, "own-" + std::to_string(i));
      if (static_cast<std::size_t>(i) % settle_packets == 0) budget.settle();
    }
    EXPECT_EQ(first.error(), 0u) << "window " << window;
    first.absorb(std::move(sibling));
    EXPECT_EQ(first.size(), 12'000u);
    first.clear();
    EXPECT_LT(budget.used(), 200'000u);
  }
}

TEST(Budget, A_table_that_cannot_give_way_does_not_keep_others_from_it) {
  class Stubborn final : public Bounded {
   public:
    std::size_t octets() const override { return 1u << 20; }
    std::size_t octets_soon() const override { return octets(); }
    void drop_smaller_half() override {}
  } stubborn;
  Budget budget((1u << 20) + 200'000);
  budget.join(stubborn);
  budget.charge(stubborn.octets());
  KeyTable names(SIZE_MAX, &budget);
  for (int i = 0; i < 20'000; ++i) {
    add(names, "name-" + std::to_string(i));
    if (static_cast<std::size_t>(i) % settle_packets == 0) budget.settle();
  }
  EXPECT_LT(names.octets(), 400'000u);
  EXPECT_GT(names.dropped_keys(), 0u);
}

}  // namespace
}  // namespace rata::reduce
