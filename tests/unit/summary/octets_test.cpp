// What a result is said to take, beside what the allocator gave for it.

#include <gtest/gtest.h>
#include <malloc.h>

#include <functional>
#include <string>

#include "summary/summary.h"

namespace rata::summary {
namespace {

std::size_t allocated() {
  const auto now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

std::uint64_t scattered(std::uint64_t number) { return number * 0x9e3779b97f4a7c15; }

Counts counts(std::size_t rows, const std::string& stem) {
  Counts made{.by = {"qname", "client"}};
  for (std::size_t i = 0; i < rows; ++i) made.rows.push_back({{stem + std::to_string(i), "192.0.2.1"}, i});
  return made;
}

/// Rows with `values` different values in each sketch.
Measures measures(std::size_t rows, std::uint64_t values) {
  Measures made{.counts = counts(rows, "n"),
                .names = {"octets", "distinct:client", "quantiles:message_size", "top:qname:10"}};
  for (std::size_t row = 0; row < rows; ++row) {
    Distinct distinct;
    Quantiles quantiles;
    Top top{.limit = 10};
    for (std::uint64_t value = 0; value < values; ++value) {
      distinct.add(scattered(value + row * values));
      quantiles.add(value * 7);
      top.entries.push_back({"a-name-of-some-length-" + std::to_string(value), value, 0});
    }
    made.values.push_back({row, distinct, quantiles, top});
  }
  return made;
}

Records records(std::size_t count) {
  Records made;
  for (std::size_t i = 0; i < count; ++i)
    made.records.push_back({.ordinal = i, .keys = {"192.0.2.1"}, .value = {}, .json = std::string(200 + i % 100, 'x')});
  return made;
}

/// What a script may make: a table by name, of tables, with a list and sketches here and there.
Values values(std::size_t keys) {
  Map table;
  for (std::size_t i = 0; i < keys; ++i) {
    Map row{{"queries", Quantity{}}, {"a-member-with-a-longer-name", std::string(30, 'x')}};
    if (i % 100 == 0) row.emplace("seen", Items{records(20).records});
    if (i % 10 == 0) row.emplace("top", Top{.limit = 10, .entries = {{"a-name-of-some-length.example", i, 0}}});
    table.emplace("k" + std::to_string(i), std::move(row));
  }
  return {table};
}

TEST(Octets, Are_those_that_were_allocated_to_a_tenth) {
  const struct {
    const char* what;
    std::function<Data()> make;
  } cases[] = {
      {"counts with short keys", [] { return counts(20'000, "k"); }},
      {"counts with long keys", [] { return counts(20'000, "a-name-of-some-length-"); }},
      {"sketches of few values", [] { return measures(3000, 3); }},
      {"sketches of some values", [] { return measures(300, 200); }},
      {"sketches of many values", [] { return measures(30, 5000); }},
      {"lists", [] { return records(20'000); }},
      {"a tree of tables", [] { return values(5000); }},
  };
  for (const auto& one : cases) {
    const std::size_t before = allocated();
    const Data data = one.make();
    const std::size_t taken = allocated() - before;
    if (taken == 0) GTEST_SKIP() << "this allocator does not tell what it gave";
    EXPECT_NEAR(static_cast<double>(octets_of(data)) / static_cast<double>(taken), 1, 0.1) << one.what << " " << taken;
  }
}

}  // namespace
}  // namespace rata::summary
