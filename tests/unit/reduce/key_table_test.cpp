#include "reduce/key_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "reduce/key_parts.h"
#include "util/hash.h"

namespace rata::reduce {
namespace {

std::span<const std::uint8_t> octets(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void add(KeyTable& table, const std::string& key, std::uint64_t count = 1) {
  table.add(util::table_hash(octets(key)), octets(key), count);
}

std::map<std::string, std::uint64_t> content(const KeyTable& table) {
  std::map<std::string, std::uint64_t> map;
  table.each([&](const KeyTable::Entry& entry) { map[std::string(entry.key.begin(), entry.key.end())] = entry.count; });
  return map;
}

std::string text(std::span<const std::uint8_t> key) { return {key.begin(), key.end()}; }

TEST(KeyTable, Counts_as_a_map_does) {
  std::mt19937 random(7);
  KeyTable table;
  std::map<std::string, std::uint64_t> truth;
  for (int i = 0; i < 200'000; ++i) {
    const std::string key = "key" + std::to_string(random() % 30'000) + std::string(random() % 3, '.');
    add(table, key);
    ++truth[key];
  }
  add(table, "");
  ++truth[""];
  EXPECT_EQ(content(table), truth);
  EXPECT_EQ(table.size(), truth.size());
  EXPECT_EQ(table.error(), 0u);
}

TEST(KeyTable, Keys_with_the_same_hash_stay_apart) {
  KeyTable table;
  table.add(42, octets("one"), 1);
  table.add(42, octets("two"), 2);
  table.add(42, octets("one"), 4);
  EXPECT_EQ(content(table), (std::map<std::string, std::uint64_t>{{"one", 5}, {"two", 2}}));
}

TEST(KeyTable, Top_is_by_count_then_by_text) {
  KeyTable table;
  for (const auto& [key, count] :
       std::map<std::string, std::uint64_t>{{"d", 1}, {"b", 3}, {"a", 3}, {"c", 9}, {"e", 1}})
    add(table, key, count);
  const auto top = table.top(4, text);
  ASSERT_EQ(top.size(), 4u);
  EXPECT_EQ(top[0].text, "c");
  EXPECT_EQ(top[1].text, "a");
  EXPECT_EQ(top[2].text, "b");
  EXPECT_EQ(top[3].text, "d");
  EXPECT_TRUE(table.top(0, text).empty());
  EXPECT_EQ(table.top(99, text).size(), 5u);
}

TEST(KeyTable, A_full_table_keeps_the_frequent_keys_within_its_stated_error) {
  KeyTable table(1000);
  std::map<std::string, std::uint64_t> truth;
  std::mt19937 random(11);
  std::uint64_t total = 0;
  for (int i = 0; i < 300'000; ++i) {
    // One in ten asks for one of twenty names, the others for a name of their own: a random-subdomain attack.
    const std::string key = random() % 10 == 0 ? "hot" + std::to_string(random() % 20) : "random" + std::to_string(i);
    add(table, key);
    ++truth[key];
    ++total;
  }
  EXPECT_LE(table.size(), 1000u);
  EXPECT_GT(table.error(), 0u);
  std::uint64_t kept = 0;
  for (const auto& [key, count] : content(table)) {
    EXPECT_LE(count, truth[key]);
    EXPECT_LE(truth[key] - count, table.error());
    kept += count;
  }
  EXPECT_EQ(kept + table.dropped_count(), total);
  const auto rows = content(table);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(rows.contains("hot" + std::to_string(i)));
}

TEST(KeyTable, Absorbing_adds_and_leaves_the_other_empty) {
  KeyTable a(4), b(4), c(4);
  for (const char* key : {"x", "y"}) add(a, key);
  for (const char* key : {"y", "z", "w", "v"}) add(b, key, 10);
  c.absorb(std::move(a));
  c.absorb(std::move(b));
  EXPECT_EQ(content(c), (std::map<std::string, std::uint64_t>{{"x", 1}, {"y", 11}, {"z", 10}, {"w", 10}, {"v", 10}}));
  EXPECT_EQ(c.error(), 0u);
  EXPECT_EQ(a.size(), 0u);
  EXPECT_EQ(b.size(), 0u);
}

TEST(KeyParts, The_number_of_parts_changes_nothing) {
  const DoAll one_by_one = [](std::size_t tasks, const auto& task) {
    for (std::size_t i = 0; i < tasks; ++i) task(i);
  };
  std::vector<std::pair<std::string, std::uint64_t>> expected;
  for (const std::size_t parts : {1u, 2u, 3u, 16u}) {
    KeyParts all(parts);
    for (const int step : {1, 3, 9, 11}) {
      KeyTable table(600);
      for (int i = 0; i < 2000; ++i)
        add(table, "key" + std::to_string(i * step % 700), static_cast<std::uint64_t>(i % 7 + 1));
      EXPECT_GT(table.error(), 0u);
      all.absorb(std::move(table), one_by_one);
      EXPECT_EQ(table.size(), 0u);
    }
    std::vector<std::pair<std::string, std::uint64_t>> rows = {
        {"size", all.size()}, {"error", all.error()}, {"dropped", all.dropped_keys()}};
    for (const KeyTable::Ranked& row : all.top(300, text)) rows.emplace_back(row.text, row.count);
    EXPECT_GT(rows.size(), 100u);
    if (expected.empty()) expected = rows;
    EXPECT_EQ(rows, expected) << parts;
  }
}

TEST(KeyTable, What_was_absorbed_widens_the_bound_only_until_the_table_is_cleared) {
  KeyTable table(64);
  for (int window = 0; window < 50; ++window) {
    for (int shard = 0; shard < 7; ++shard) {
      KeyTable sibling(64);
      add(sibling, std::to_string(shard));
      table.absorb(std::move(sibling));
    }
    table.clear();
    for (int i = 0; i < 1000; ++i) add(table, std::to_string(i));
    EXPECT_LE(table.size(), 64u);
    table.clear();
  }
}

TEST(KeyTable, A_cleared_table_can_be_used_again) {
  KeyTable table;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000 >> (5 * round); ++i) add(table, std::to_string(i));
    EXPECT_EQ(table.size(), static_cast<std::size_t>(1000 >> (5 * round)));
    table.clear();
    EXPECT_EQ(table.size(), 0u);
    EXPECT_TRUE(content(table).empty());
  }
}

}  // namespace
}  // namespace rata::reduce
