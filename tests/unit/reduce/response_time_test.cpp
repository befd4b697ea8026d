#include <gtest/gtest.h>

#include "reduce/windows.h"
#include "support/dimensions.h"
#include "support/windows.h"

namespace rata::reduce {
namespace {

using tests::Messages;
using tests::no_value;
using tests::value_of;

std::string shown(const char* dimension, std::int64_t ns) {
  Messages messages;
  Packet packet = messages.make({.flags = 0x8000});
  packet.response_ns = ns;
  return value_of(dimension, packet);
}

TEST(ResponseTime, Buckets) {
  const struct {
    const char* dimension;
    std::int64_t ns;
    const char* text;
  } cases[] = {
      {"response_time", 0, "0"},
      {"response_time", 999, "0"},
      {"response_time", 1'000, "1-9"},
      {"response_time:log10", 9'999, "1-9"},
      {"response_time:log10", 10'000, "10-99"},
      {"response_time:log10", 99'999'999, "10000-99999"},
      {"response_time:log10", 5'000'000'000, "1000000-9999999"},
      {"response_time:log10", 30'000'000'000, "10000000-99999999"},
      {"response_time:log2", 0, "0"},
      {"response_time:log2", 1'000, "1"},
      {"response_time:log2", 2'000, "2-3"},
      {"response_time:log2", 3'999, "2-3"},
      {"response_time:log2", 4'000, "4-7"},
      {"response_time:log2", 30'000'000'000, "16777216-33554431"},
      {"response_time:100", 0, "0-99"},
      {"response_time:100", 99'999, "0-99"},
      {"response_time:100", 100'000, "100-199"},
      {"response_time:1", 30'000'000'000, "30000000"},
      {"response_time:60000000", 30'000'000'000, "0-59999999"},
  };
  for (const auto& one : cases) EXPECT_EQ(shown(one.dimension, one.ns), one.text) << one.dimension << " " << one.ns;
  EXPECT_EQ(shown("response_time", -1), no_value);
  for (const char* text : {"response_time:", "response_time:0", "response_time:log", "response_time:60000001"})
    EXPECT_FALSE(read_dimension(text)) << text;
}

/// Two windows of one second in one shard.
std::vector<std::string> rows(const std::vector<std::string>& by, const std::vector<std::string>& where,
                              std::span<const Packet> packets) {
  std::vector<std::string> found;
  const Context context;
  ReducerConfig config{.type = "count_by", .by = by, .where = where};
  auto windows = *Windows::make({.seconds = 1}, {config}, context, Budget::unlimited, [&](ClosingWindow& closing) {
    tests::ClosedWindow window(closing);
    for (const summary::CountRow& row : std::get<summary::Counts>(window.data.at(0)).rows)
      found.push_back(std::string(row.keys.back()) + " " + std::to_string(row.count));
    found.push_back("|");
  });
  windows->advance({0});
  windows->advance({1'000'000'000});
  windows->add(0, packets);
  windows->finish();
  return found;
}

TEST(ResponseTime, Of_the_response_that_completes_a_pair_in_whatever_window) {
  Messages messages;
  constexpr std::int64_t ms = 1'000'000;
  const std::vector<Packet> packets = {
      messages.make({.time_ns = 0, .id = 1}),
      messages.make({.flags = 0x8000, .time_ns = 2 * ms, .id = 1}),
      messages.make({.time_ns = 900 * ms, .id = 2}),
      messages.make({.flags = 0x8000, .time_ns = 1100 * ms, .id = 2}),
      messages.make({.flags = 0x8000, .time_ns = 1200 * ms, .id = 3}),  // nobody asked
  };
  const std::vector<std::string> expected = {"1000-9999 1", "|", "100000-999999 1", "|"};
  EXPECT_EQ(rows({"response_time"}, {}, packets), expected);
  EXPECT_EQ(rows({"rcode", "response_time"}, {"response"}, packets), expected);
  EXPECT_EQ(rows({"response_time"}, {"query"}, packets), (std::vector<std::string>{"|", "|"}));
}

TEST(ResponseTime, Of_the_query_where_that_stands_behind_its_response) {
  Messages messages;
  const std::vector<Packet> packets = {messages.make({.flags = 0x8000, .time_ns = 3'000}),
                                       messages.make({.time_ns = 1'000})};
  EXPECT_EQ(rows({"response_time:1"}, {"query"}, packets), (std::vector<std::string>{"2 1", "|", "|"}));
}

TEST(ResponseTime, What_cannot_be_paired_counts_as_lacking) {
  Messages messages;
  Packet packet = messages.make({.flags = 0x8000});
  packet.lacks = {util::Member::ports};
  util::MemberCounts lacking{};
  const Context context;
  auto windows = *Windows::make({.seconds = 1, .packets = 1}, {{.type = "count_by", .by = {"response_time"}}}, context,
                                Budget::unlimited, [&](ClosingWindow& closing) {
                                  tests::ClosedWindow window(closing);
                                  lacking = window.lacking.at(0);
                                });
  windows->add(0, {&packet, 1});
  EXPECT_EQ(lacking[static_cast<std::size_t>(util::Member::ports)], 1u);
}

}  // namespace
}  // namespace rata::reduce
