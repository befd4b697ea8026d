#include "script/result_octets.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "summary/merge.h"
#include "summary/summary.h"
#include "util/log_histogram.h"

namespace rata::script {
namespace {

using summary::Counts;
using summary::Data;
using summary::Distinct;
using summary::Items;
using summary::Map;
using summary::Number;
using summary::Quantiles;
using summary::Quantity;
using summary::Top;
using summary::Value;
using summary::Values;

using Octets = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

Octets written(const Data& data) {
  Octets octets;
  append_result(data, octets);
  return octets;
}

std::string told(const Data& data) {
  return summary::data_json(data).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + " " +
         summary::merge_json(data).dump();
}

std::string random_text(Random& random) {
  static const std::string pieces[] = {"", "a", "example.", "www.", "\xc3\xa9", "\n", "\"", std::string(1, '\0'), "zz"};
  std::string text;
  for (std::uint64_t left = random() % 5; left > 0; --left) text += pieces[random() % std::size(pieces)];
  return text;
}

Quantity random_quantity(Random& random) {
  static const double numbers[] = {0, 1, -1, 0.1, -0.000001, 1e15, 9e15, -9e15, 123456.789};
  const double number = random() % 2 == 0 ? numbers[random() % std::size(numbers)]
                                          : static_cast<double>(random() % 2'000'000) / 7 - 100'000;
  return {*Number::from(number), static_cast<summary::Rule>(random() % 3)};
}

Distinct random_distinct(Random& random) {
  Distinct made;
  const std::uint64_t sizes[] = {0, 1, 20, 511, 5000};
  for (std::uint64_t left = sizes[random() % std::size(sizes)]; left > 0; --left) made.add(random());
  return made;
}

Quantiles random_quantiles(Random& random) {
  Quantiles made;
  for (std::uint64_t left = random() % 40; left > 0; --left) made.add(random() >> random() % 64);
  return made;
}

Top random_top(Random& random) {
  Top top{.limit = random() % 20};
  top.absent = random() % 3;
  std::map<std::string, std::uint64_t> entries;
  for (std::uint64_t left = random() % 20; left > 0; --left) entries[random_text(random)] = random() % 1000;
  for (const auto& [name, count] : entries) top.entries.push_back({name, count, random() % 5});
  return top;
}

Counts random_counts(Random& random) {
  static const std::vector<std::string> by = {"qname", "qtype", "client", "tcp"};
  const std::size_t depth = 1 + random() % by.size();
  Counts counts{.by = {by.begin(), by.begin() + static_cast<std::ptrdiff_t>(depth)}, .error = random() % 2 * 17};
  std::map<std::vector<std::string>, std::uint64_t> rows;
  for (std::uint64_t left = random() % 20; left > 0; --left) {
    std::vector<std::string> keys(depth);
    for (std::string& key : keys) key = random_text(random);
    rows[keys] = random();
  }
  for (const auto& [keys, count] : rows) counts.rows.push_back({keys, count});
  if (random() % 2 == 0) counts.rest.push_back({.prefix = {}, .keys = 3, .count = random() % 100, .most = 9});
  if (depth > 1 && !rows.empty())
    counts.rest.push_back({.prefix = {rows.begin()->first.front()}, .keys = 1, .count = 5, .most = 5});
  return counts;
}

Items random_items(Random& random) {
  static const char* const entries[] = {"1", "\"text\"", "null", "[1,[2,{\"a\":[]}]]", R"({"\"[{":"]\\"})", "-0.5"};
  Items items{.left_out = random() % 3};
  for (std::uint64_t left = random() % 6; left > 0; --left)
    items.records.push_back({.ordinal = items.records.size(), .json = entries[random() % std::size(entries)]});
  return items;
}

Value random_value(Random& random, int depth) {
  switch (random() % (depth < 4 ? 12 : 8)) {
    case 0:
      return random_quantity(random);
    case 1:
      return random_text(random);
    case 2:
      return random() % 2 == 0;
    case 3:
      return random_distinct(random);
    case 4:
      return random_quantiles(random);
    case 5:
      return random_top(random);
    case 6:
      return random_counts(random);
    case 7:
      return random_items(random);
    default:
      break;
  }
  Map map;
  for (std::uint64_t left = random() % 6; left > 0; --left)
    map.insert_or_assign(random_text(random), random_value(random, depth + 1));
  return map;
}

Data data_of(Value value) {
  if (auto* counts = std::get_if<Counts>(&value.node)) return std::move(*counts);
  if (auto* top = std::get_if<Top>(&value.node)) return std::move(*top);
  return Values{std::move(value)};
}

TEST(ResultOctets, Whatever_a_script_makes_is_read_as_it_was_written) {
  std::vector<int> forms(std::variant_size_v<Value::Node>);
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    Value value = random_value(random, 0);
    ++forms[value.node.index()];
    const Data data = data_of(std::move(value));
    const Octets octets = written(data);
    const auto read = read_result(octets);
    ASSERT_TRUE(read) << seed;
    ASSERT_EQ(told(*read), told(data)) << seed;
    ASSERT_EQ(read->index(), data.index()) << seed;
    ASSERT_EQ(written(*read), octets) << seed;
    ASSERT_EQ(summary::left_out(*read), summary::left_out(data)) << seed;
    ASSERT_EQ(summary::key_error(*read), summary::key_error(data)) << seed;
  }
  EXPECT_GT(*std::ranges::min_element(forms), 50);
}

TEST(ResultOctets, Nothing_is_something_that_can_be_told) {
  const Octets octets = written(summary::Nothing{});
  EXPECT_EQ(octets.size(), 1u);
  const auto read = read_result(octets);
  ASSERT_TRUE(read);
  EXPECT_TRUE(std::holds_alternative<summary::Nothing>(*read));
}

TEST(ResultOctets, Are_appended_to_what_is_there) {
  Octets octets = {1, 2, 3};
  append_result(Values{}, octets);
  EXPECT_EQ(Octets(octets.begin() + 3, octets.end()), written(Values{}));
  EXPECT_EQ(octets[2], 3);
}

/// One of each form, small.
Data sample() {
  Distinct distinct;
  Quantiles quantiles;
  for (const std::uint64_t hash : {0x1234567812345678u, 0xfedcba9812345678u}) distinct.add(hash);
  for (const std::uint64_t number : {5u, 700u, 700u}) quantiles.add(number);
  return Values{Map{
      {"a", Quantity{*Number::from(-2.5), summary::Rule::max}},
      {"b", std::string("text")},
      {"c", true},
      {"d", distinct},
      {"e", quantiles},
      {"f", Top{.limit = 2, .entries = {{"x", 3, 1}, {"y", 2, 0}}, .absent = 1}},
      {"g",
       Counts{.by = {"qname", "qtype"}, .rows = {{{"a.", "A"}, 4}, {{"b.", "A"}, 2}}, .rest = {{{"a."}, 1, 2, 2}}}},
      {"h", Items{.records = {{.json = R"({"k":["\\",1]})"}}, .left_out = 7}},
      {"i", Map{{"", Quantity{}}, {"j", Map{}}}},
  }};
}

TEST(ResultOctets, A_part_of_a_result_or_more_than_one_is_none) {
  const Octets octets = written(sample());
  ASSERT_TRUE(read_result(octets));
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(read_result(std::span(octets).first(size))) << size;
  Octets more = octets;
  more.push_back(0);
  EXPECT_FALSE(read_result(more));
  more.pop_back();
  append_result(sample(), more);
  EXPECT_FALSE(read_result(more));
}

TEST(ResultOctets, Whatever_one_octet_becomes_the_result_can_be_told_and_merged_or_is_none) {
  Octets octets = written(sample());
  std::size_t read_count = 0, refused = 0;
  for (std::uint8_t& octet : octets) {
    const std::uint8_t before = octet;
    for (int value = 0; value < 256; ++value) {
      octet = static_cast<std::uint8_t>(value);
      auto read = read_result(octets);
      if (!read) {
        ++refused;
        continue;
      }
      ++read_count;
      std::string text;
      summary::append_data(*read, summary::Form::own, text);
      ASSERT_TRUE(nlohmann::json::accept(text)) << text;
      Data with = sample();
      EXPECT_TRUE(summary::merge(with, std::move(*read), summary::Relation::consecutive));
    }
    octet = before;
  }
  EXPECT_GT(refused, octets.size() * 50);
  EXPECT_GT(read_count, octets.size() * 50);
}

TEST(ResultOctets, Random_octets_are_no_result) {
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    Octets octets(2 + random() % 60);
    for (std::uint8_t& octet : octets) octet = static_cast<std::uint8_t>(random() % (random() % 2 == 0 ? 256 : 10));
    if (auto read = read_result(octets)) {
      EXPECT_FALSE(told(*read).empty());
    }
  }
  for (int tag = 0; tag < 256; ++tag)
    EXPECT_EQ(read_result(Octets{static_cast<std::uint8_t>(tag)}).has_value(), tag == 9) << tag;
}

TEST(ResultOctets, Maps_are_nested_so_deep_and_no_deeper) {
  const auto nested = [](int maps) {
    Value value = Quantity{*Number::from(1)};
    for (int i = 0; i < maps; ++i) value = Map{{"k", std::move(value)}};
    return Data{Values{std::move(value)}};
  };
  EXPECT_TRUE(read_result(written(nested(most_result_depth))));
  EXPECT_FALSE(read_result(written(nested(most_result_depth + 1))));
  // Octets for a million of them, which no stack would bear.
  Octets deep;
  for (int i = 0; i < 1'000'000; ++i) deep.insert(deep.end(), {8, 0, 0, 0, 1, 0, 0, 0, 0});
  EXPECT_FALSE(read_result(deep));
}

Items one_item(std::string json) { return {.records = {{.json = std::move(json)}}}; }

std::string brackets(int depth, const std::string& inner = "") {
  return std::string(static_cast<std::size_t>(depth), '[') + inner + std::string(static_cast<std::size_t>(depth), ']');
}

TEST(ResultOctets, So_are_the_entries_of_lists) {
  const struct {
    std::string json;
    bool read;
  } cases[] = {
      {brackets(most_result_depth + 1), true},
      {brackets(most_result_depth, "{}"), true},
      {brackets(most_result_depth + 2), false},
      {brackets(most_result_depth + 1, "{}"), false},
      {brackets(1'000'000), false},
      {brackets(2, '"' + std::string(100, '[') + '"'), true},
      {brackets(2, R"("\"[[[[[[[[[[[[[[[[[[[[", "\\")"), true},
      {brackets(2, R"("\\",)" + brackets(most_result_depth)), false},
      {"[" + brackets(most_result_depth) + "," + brackets(most_result_depth) + "]", true},
  };
  for (const auto& one : cases)
    EXPECT_EQ(read_result(written(Values{one_item(one.json)})).has_value(), one.read) << one.json.substr(0, 60);
}

TEST(ResultOctets, The_entries_of_lists_are_json_and_nothing_else) {
  for (const char* json : {"", "x", "{", "1 2", "[1,]", "\"\xff\"", "nul", "{\"a\":1}}"})
    EXPECT_FALSE(read_result(written(Values{one_item(json)}))) << json;
  EXPECT_TRUE(read_result(written(Values{one_item("[1, 2]")})));
}

// They are told as they are, in a line of their own: a line more would be a record that nobody made.
TEST(ResultOctets, No_entry_of_a_list_ends_the_line) {
  for (const std::string& json : {std::string("[1,\n2]"), std::string("[1\r]"), std::string("\n1"), std::string("1\n"),
                                  std::string("1\0", 2), std::string("1\0\n{}", 5), std::string("\t1")})
    EXPECT_FALSE(read_result(written(Values{one_item(json)}))) << nlohmann::json(json);
  EXPECT_TRUE(read_result(written(Values{one_item(R"("\n\u0000")")})));
}

Octets operator+(Octets left, const Octets& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
Octets u16(std::uint64_t value) { return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}; }
Octets u32(std::uint64_t value) { return u16(value >> 16) + u16(value); }
Octets u64(std::uint64_t value) { return u32(value >> 32) + u32(value); }
Octets text(const std::string& octets) { return u32(octets.size()) + Octets(octets.begin(), octets.end()); }

std::size_t most_memory_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss);
}

TEST(ResultOctets, More_things_than_there_are_octets_for_are_refused_before_there_is_memory_for_them) {
  const std::size_t before = most_memory_kib();
  const std::vector<Octets> fronts = {
      {1},                                               // text
      {3},                                               // distinct
      Octets{4} + u64(0),                                // quantiles
      Octets{5} + u64(1) + u64(0),                       // top
      {6},                                               // counts: by
      Octets{6} + u32(0) + u64(0),                       // rows
      Octets{6} + u32(1) + text("a") + u64(0) + u32(0),  // rest
      Octets{7} + u64(0),                                // items
      {8},                                               // map
      Octets{8} + u32(1),                                // a map's key
  };
  for (const Octets& front : fronts)
    for (const std::uint64_t claimed : {std::uint64_t{4096}, std::uint64_t{0x7fffffff}, std::uint64_t{0xffffffff}}) {
      EXPECT_FALSE(read_result(front + u32(claimed))) << int{front[0]} << " " << claimed;
      EXPECT_FALSE(read_result(front + u32(claimed) + Octets(1000, 0))) << int{front[0]} << " " << claimed;
    }
  EXPECT_LT(most_memory_kib() - before, 64u * 1024);
}

struct Case {
  const char* what;
  Octets octets;
  bool read;
};

void expect_read(std::initializer_list<Case> cases) {
  for (const Case& one : cases) EXPECT_EQ(read_result(one.octets).has_value(), one.read) << one.what;
}

TEST(ResultOctets, Keys_that_do_not_ascend_are_refused) {
  const auto map = [](const std::string& first, const std::string& second) {
    return Octets{8} + u32(2) + text(first) + Octets{2, 1} + text(second) + Octets{2, 1};
  };
  const auto top = [](const std::string& first, const std::string& second) {
    return Octets{5} + u64(2) + u64(0) + u32(2) + text(first) + u64(1) + u64(0) + text(second) + u64(1) + u64(0);
  };
  const auto counts = [](const std::string& first, const std::string& second) {
    return Octets{6} + u32(1) + text("qname") + u64(0) + u32(2) + u32(1) + text(first) + u64(1) + u32(1) +
           text(second) + u64(1) + u32(0);
  };
  expect_read({{"map", map("a", "b"), true},
               {"map, twice", map("a", "a"), false},
               {"map, back", map("b", "a"), false},
               {"map, as octets", map("a", "\xff"), true},
               {"map, empty first", map("", "a"), true},
               {"map, empty twice", map("", ""), false},
               {"top", top("a", "b"), true},
               {"top, twice", top("a", "a"), false},
               {"top, back", top("b", "a"), false},
               {"counts", counts("a", "b"), true},
               {"counts, twice", counts("a", "a"), false},
               {"counts, back", counts("b", "a"), false}});
}

TEST(ResultOctets, Values_that_there_are_not_are_refused) {
  const auto quantity = [](std::uint8_t rule, std::int64_t whole, std::uint32_t millionths) {
    return Octets{0, rule} + u64(static_cast<std::uint64_t>(whole)) + u32(millionths);
  };
  const auto distinct = [](std::uint64_t place, std::uint8_t rank) {
    return Octets{3} + u32(1) + u16(place) + Octets{rank};
  };
  const auto quantiles = [](std::uint64_t max, std::uint64_t bucket, std::uint64_t count) {
    return Octets{4} + u64(max) + u32(1) + u16(bucket) + u64(count);
  };
  const std::size_t last_bucket = util::LogHistogram::buckets - 1;
  const std::int64_t most = Number::max_whole;
  expect_read(
      {{"minimum", quantity(2, 5, 999'999), true},
       {"no rule", quantity(3, 5, 0), false},
       {"no millionths", quantity(0, 5, 1'000'000), false},
       {"the largest", quantity(0, most, 0), true},
       {"and more", quantity(0, most, 1), false},
       {"the least", quantity(0, -most, 0), true},
       {"and less", quantity(0, -most - 1, 999'999), false},
       {"far away", quantity(0, std::numeric_limits<std::int64_t>::min(), 0), false},
       {"register", distinct(4095, 53), true},
       {"no register", distinct(4096, 1), false},
       {"no rank", distinct(1, 0), false},
       {"too high a rank", distinct(1, 54), false},
       {"bucket", quantiles(100, 100, 3), true},
       {"empty bucket", quantiles(100, 100, 0), false},
       {"a maximum elsewhere", quantiles(101, 100, 3), false},
       {"the last bucket", quantiles(UINT64_MAX, last_bucket, UINT64_MAX), true},
       {"no bucket", quantiles(UINT64_MAX, last_bucket + 1, 1), false},
       {"more than can be counted", Octets{4} + u64(2) + u32(2) + u16(1) + u64(UINT64_MAX) + u16(2) + u64(1), false},
       {"a maximum of nothing", Octets{4} + u64(1) + u32(0), false},
       {"no such thing", {10, 0, 0, 0, 0}, false},
       {"nothing inside", Octets{8} + u32(1) + text("a") + Octets{9}, false}});
}

TEST(ResultOctets, Rows_have_a_key_for_each_dimension_and_rests_have_fewer) {
  const auto counts = [](const std::vector<std::string>& row, const std::vector<std::string>& rest) {
    return written(Counts{.by = {"qname", "qtype"}, .rows = {{row, 1}}, .rest = {{rest, 1, 1, 1}}});
  };
  expect_read({{"as it should be", counts({"a", "b"}, {"a"}), true},
               {"a rest of all", counts({"a", "b"}, {}), true},
               {"a rest of one", counts({"a", "b"}, {"a", "b"}), false},
               {"a key too few", counts({"a"}, {}), false},
               {"a key too many", counts({"a", "b", "c"}, {}), false}});
}

}  // namespace
}  // namespace rata::script
