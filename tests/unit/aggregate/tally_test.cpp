#include "aggregate/tally.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <string>

namespace rata::aggregate {
namespace {

constexpr util::Time second(std::int64_t seconds) { return util::from_seconds(seconds); }

Origin window(std::int64_t end) { return {second(end - 1), second(end), 0, 0}; }

/// A tally, and what it shares with nobody.
struct Alone {
  Alone(const Spans& spans, std::size_t limit) : tally(shared, spans, limit) {}
  Taken add(const Origin& origin, const Rows& rows) {
    return tally.add(origin, NumberedRows(shared.texts, rows)).taken;
  }

  Shared shared;
  Tally tally;
};

/// A window in which each of `names` was asked for once, by the same client.
Rows names(std::deque<std::string>& texts, std::size_t first, std::size_t how_many) {
  Rows rows;
  for (std::size_t i = first; i < first + how_many; ++i)
    rows.cells.push_back({texts.emplace_back("n" + std::to_string(i) + ".example."), "192.0.2.1", 1});
  return rows;
}

std::string first_key(const Tally& tally, std::size_t span = 0) {
  const auto keys = tally.largest_keys(span, 1, Tally::Ties::by_text);
  return keys.empty() ? "" : std::string(tally.key_text(keys[0].slot));
}

TEST(Tally, MemoryFollowsTheLongestSpanAndNotTheNamesEverSeen) {
  Alone alone(Spans({1}), 1'000'000);
  Tally& tally = alone.tally;
  for (std::size_t i = 0; i < 3000; ++i) {
    std::deque<std::string> texts;
    tally.advance(second(static_cast<std::int64_t>(i)));
    alone.add(window(static_cast<std::int64_t>(i)), names(texts, i * 1000, 1000));
    ASSERT_LE(tally.size().keys, 60'000u);
    ASSERT_LE(tally.size().cells, 60'000u);
  }
  EXPECT_EQ(tally.total(0), 60'000u);
  EXPECT_EQ(tally.given_up(), 0u);
}

TEST(Tally, AFloodOfNamesStaysBelowTheLimitAndTheTotalExact) {
  Alone alone(Spans({1, 5}), 20'000);
  Tally& tally = alone.tally;
  for (std::size_t i = 0; i < 1000; ++i) {
    std::deque<std::string> texts;
    tally.advance(second(static_cast<std::int64_t>(i)));
    Rows rows = names(texts, i * 1000, 1000);
    rows.cells.push_back({"popular.example.", "192.0.2.2", 3});
    alone.add(window(static_cast<std::int64_t>(i)), rows);
    ASSERT_LE(tally.size().keys + tally.size().cells, 20'000u);
    ASSERT_EQ(alone.shared.texts.size(), tally.size().keys + 2);
  }
  EXPECT_EQ(tally.total(0), 60u * 1003);
  EXPECT_EQ(tally.total(1), 300u * 1003);
  EXPECT_EQ(first_key(tally), "popular.example.");
  // Each name came once, so the number of names is known although most were given up.
  EXPECT_EQ(tally.distinct(0), 60'001u);
  EXPECT_EQ(tally.distinct(1), 300'001u);
  EXPECT_GT(tally.given_up(), 900'000u);
}

TEST(Tally, WhatWasGivenUpLeavesTheSpansLikeTheRest) {
  Alone alone(Spans({1, 5}), 112);
  Tally& tally = alone.tally;
  std::deque<std::string> texts;
  alone.add(window(10), names(texts, 0, 80));
  alone.add(window(30), names(texts, 40, 80));
  EXPECT_EQ(tally.total(0), 160u);
  EXPECT_EQ(tally.distinct(0), 120u);
  tally.advance(second(75));  // the first window leaves the minute
  EXPECT_EQ(tally.total(0), 80u);
  EXPECT_EQ(tally.distinct(0), 80u);
  EXPECT_EQ(tally.total(1), 160u);
  tally.advance(second(1000));
  EXPECT_EQ(tally.total(1), 0u);
  EXPECT_EQ(tally.distinct(1), 0u);
  EXPECT_EQ(tally.size().keys, 0u);
  EXPECT_EQ(tally.size().cells, 0u);
  EXPECT_EQ(alone.shared.texts.size(), 0u);
  EXPECT_EQ(tally.size().entries, 0u);
}

TEST(Tally, ManySmallCellsOfALargeKeyGoBeforeOtherKeys) {
  Alone alone(Spans({1}), 100);
  Tally& tally = alone.tally;
  std::deque<std::string> texts;
  Rows rows;
  for (int i = 0; i < 200; ++i)
    rows.cells.push_back({"flooded.example.", texts.emplace_back("2001:db8::" + std::to_string(i)), 1});
  rows.cells.push_back({"quiet.example.", "192.0.2.1", 5});
  alone.add(window(10), rows);
  EXPECT_EQ(tally.total(0), 205u);
  EXPECT_EQ(tally.distinct(0), 2u);
  const auto keys = tally.largest_keys(0, 5, Tally::Ties::by_text);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].queries, 200u);
  const auto parts = tally.largest_parts(0, keys, 5, Tally::Ties::by_text);
  EXPECT_EQ(parts[0].distinct, 200u);
  EXPECT_EQ(parts[1].largest.size(), 1u);
  EXPECT_EQ(tally.given_up(), 203u - 75u);
}

TEST(Tally, WindowsThatNobodyTidiesBetweenAreJoinedNoFurtherThanNeeded) {
  Alone alone(Spans({1, 5, 15}), 20'000);
  Tally& tally = alone.tally;
  for (std::size_t i = 0; i < 1800; ++i) {
    std::deque<std::string> texts;
    tally.advance(second(static_cast<std::int64_t>(i)));
    alone.add(window(static_cast<std::int64_t>(i)), names(texts, 0, 1000));
    if (i < 60) continue;
    ASSERT_GE(tally.total(0), 60'000u);
    ASSERT_LE(tally.total(0), 64'000u) << "a sixteenth more, at second " << i;
  }
  EXPECT_LT(tally.size().panes, 900u);
}

TEST(Tally, WhoeverTidiesBetweenWindowsLeavesThemNothingToCutOrJoin) {
  Alone alone(Spans({1, 5}), 20'000);
  Tally& tally = alone.tally;
  const auto near_limits = [&] {
    const Tally::Size size = tally.size();
    return size.keys + size.cells > 20'000 - 20'000 / 8 || size.entries > 160'000 / 8 * 7;
  };
  bool has_joined = false;
  for (std::size_t i = 0; i < 400; ++i) {
    std::deque<std::string> texts;
    tally.advance(second(static_cast<std::int64_t>(i)));
    const std::uint64_t given_up = tally.given_up();
    for (int server = 0; server < 4; ++server) {
      const std::size_t panes = tally.size().panes;
      Rows rows = names(texts, i * 100, 100);
      for (int client = 0; client < 120; ++client)
        rows.cells.push_back({"popular.example.", texts.emplace_back("2001:db8::" + std::to_string(client)), 1});
      alone.add(window(static_cast<std::int64_t>(i)), rows);
      ASSERT_EQ(tally.size().panes, panes + 1);  // none was joined
    }
    ASSERT_EQ(tally.given_up(), given_up);
    const std::size_t panes = tally.size().panes;
    while (tally.tidy()) {
    }
    has_joined = has_joined || tally.size().panes < panes;
    ASSERT_FALSE(near_limits());
  }
  EXPECT_TRUE(has_joined);
  EXPECT_GT(tally.given_up(), 0u);
  EXPECT_EQ(tally.total(1), 300u * 880);
  tally.advance(second(1000));
  while (tally.tidy()) {
  }
  EXPECT_EQ(tally.size().entries, 0u);
}

TEST(Tally, TidyingEndsWhereNothingMoreCanBeJoined) {
  // Each of twelve spans keeps at least a pane of its own, in which all of the 12,500 cells are: nearly what there may
  // be.
  std::vector<unsigned> minutes;
  for (unsigned span = 1; span <= 12; ++span) minutes.push_back(span);
  Alone alone(Spans(minutes), 20'000);
  Tally& tally = alone.tally;
  for (std::size_t i = 0; i < std::size_t{13} * 60; ++i) {
    std::deque<std::string> texts;
    Rows rows;
    for (std::size_t row = 0; row < 1000; ++row)
      rows.cells.push_back({"flooded.example.", texts.emplace_back(std::to_string((i * 1000 + row) % 12'500)), 1});
    tally.advance(second(static_cast<std::int64_t>(i)));
    alone.add(window(static_cast<std::int64_t>(i)), rows);
    int steps = 0;
    while (tally.tidy()) ASSERT_LT(++steps, 1000) << "window " << i;
    ASSERT_FALSE(tally.tidy()) << "window " << i;
  }
  EXPECT_GT(tally.size().entries, 160'000u / 8 * 7);
}

TEST(Tally, TidyingLeavesAloneWhatIsFarFromTheLimits) {
  Alone alone(Spans({1}), 10);
  std::deque<std::string> texts;
  alone.add(window(10), names(texts, 0, 4));
  EXPECT_FALSE(alone.tally.tidy());
  EXPECT_EQ(alone.tally.size().keys, 4u);
  EXPECT_EQ(alone.tally.size().cells, 4u);
}

TEST(Tally, ALimitOfNothingKeepsTheTotal) {
  Alone alone(Spans({1}), 0);
  Tally& tally = alone.tally;
  std::deque<std::string> texts;
  alone.add(window(10), names(texts, 0, 5));
  EXPECT_EQ(tally.total(0), 5u);
  EXPECT_EQ(tally.distinct(0), 5u);
  EXPECT_EQ(tally.size().keys, 0u);
}

TEST(Tally, PanesBeyondTheirLimitAreJoinedAndTheSpansKeepTheirTotals) {
  Alone alone(Spans({1, 5}), 100);
  Tally& tally = alone.tally;
  std::deque<std::string> texts;
  // A window each millisecond: far more panes than a span of whole seconds needs.
  for (std::int64_t i = 1; i <= 200'000; ++i) {
    const util::Time end{i * 1'000'000};
    tally.advance(end);
    Rows rows;
    rows.cells.push_back({"a.example.", "192.0.2.1", 1});
    alone.add({{end.ns - 1}, end, 0, 0}, rows);
    ASSERT_LE(tally.size().entries, 65'536u);
  }
  EXPECT_EQ(tally.total(1), 200'000u);
  // Joined panes leave with the last of their windows: the minute may hold a little more, never less.
  EXPECT_GE(tally.total(0), 60'000u);
  EXPECT_LE(tally.total(0), 61'000u);
  tally.advance(second(2000));
  EXPECT_EQ(tally.total(1), 0u);
  EXPECT_EQ(tally.size().entries, 0u);
  EXPECT_EQ(tally.size().cells, 0u);
}

TEST(Tally, JoinedPanesHaveTheCountsOfTheirWindows) {
  Alone alone(Spans({60}), 5000);
  const Tally& tally = alone.tally;
  std::map<std::string, std::uint64_t> expected;
  std::mt19937 random(1);
  // As of 50 servers: their windows end at the same time, and have names in common.
  for (std::int64_t i = 0; i < 2000; ++i) {
    std::deque<std::string> texts;
    Rows rows;
    for (int row = 0; row < 100; ++row) {
      const std::string& name = texts.emplace_back("n" + std::to_string(random() % 1000) + ".example.");
      const std::uint64_t count = 1 + random() % 3 + (random() % 50 == 0 ? std::uint64_t{1} << 31 : 0);
      expected[name] += count;
      if (random() % 10 == 0)
        rows.key_rests.push_back({name, 1, count});
      else
        rows.cells.push_back({name, random() % 2 == 0 ? "192.0.2.1" : "192.0.2.2", count});
    }
    alone.add(window(i / 50), rows);
    ASSERT_LE(tally.size().entries, 65'536u);
  }
  ASSERT_LT(tally.size().panes, 1000u);
  for (const auto& [count, key] : tally.largest_keys(0, 10'000, Tally::Ties::by_text)) {
    ASSERT_EQ(count, expected.at(std::string(tally.key_text(key))));
    expected.erase(std::string(tally.key_text(key)));
  }
  EXPECT_TRUE(expected.empty());
  alone.tally.advance(second(10'000));
  EXPECT_EQ(tally.total(0), 0u);
  EXPECT_EQ(tally.size().cells, 0u);
  EXPECT_EQ(tally.size().entries, 0u);
  EXPECT_EQ(alone.shared.texts.size(), 0u);
}

TEST(Tally, ALargeCountIsKeptAndTakesNoMoreRoomThanAnother) {
  Alone alone(Spans({1, 5}), 100);
  const Tally& tally = alone.tally;
  constexpr std::uint64_t large = (std::uint64_t{1} << 52) + 5;
  Rows rows;
  rows.cells = {{"a.", "x", large}, {"b.", "x", std::uint64_t{1} << 31}, {"c.", "x", (std::uint64_t{1} << 31) - 1}};
  for (int i = 0; i < 3000; ++i) alone.add(window(i / 30), rows);  // so many that they are joined
  EXPECT_LT(tally.size().entries, 65'536u);
  EXPECT_LT(tally.size().panes, 3000u);
  const auto keys = tally.largest_keys(1, 3, Tally::Ties::by_text);
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys[0].queries, 3000 * large);
  EXPECT_EQ(keys[1].queries, 3000 * (std::uint64_t{1} << 31));
  EXPECT_EQ(keys[2].queries, 3000 * ((std::uint64_t{1} << 31) - 1));
  alone.tally.advance(second(1000));
  EXPECT_EQ(tally.total(1), 0u);
  EXPECT_EQ(tally.size().cells, 0u);
  EXPECT_EQ(tally.size().entries, 0u);
}

TEST(Tally, AHigherRevisionReplacesAndALowerOneIsIgnored) {
  Alone alone(Spans({1}), 1000);
  Tally& tally = alone.tally;
  std::deque<std::string> texts;
  EXPECT_EQ(alone.add({second(9), second(10), 77, 1}, names(texts, 0, 3)), Taken::yes);
  EXPECT_EQ(alone.add({second(9), second(10), 77, 1}, names(texts, 0, 3)), Taken::repeated);
  EXPECT_EQ(alone.add({second(9), second(10), 77, 0}, names(texts, 0, 9)), Taken::repeated);
  EXPECT_EQ(tally.total(0), 3u);
  EXPECT_EQ(alone.add({second(9), second(10), 77, 2}, names(texts, 5, 4)), Taken::yes);
  EXPECT_EQ(tally.total(0), 4u);
  EXPECT_EQ(tally.size().keys, 4u);
  EXPECT_EQ(alone.add({second(9), second(10), 78, 0}, names(texts, 5, 4)), Taken::yes);
  EXPECT_EQ(tally.total(0), 8u);
}

TEST(Tally, EqualRowsOfOneWindowAddUp) {
  Alone alone(Spans({1}), 1000);
  Tally& tally = alone.tally;
  Rows rows;
  rows.cells = {{"a.", "x", 1}, {"b.", "x", 1}, {"a.", "x", 2}};
  rows.key_rests = {{"b.", 1, 1}, {"a.", 1, 1}, {"b.", 1, 1}};
  alone.add(window(1), rows);
  EXPECT_EQ(tally.total(0), 7u);
  EXPECT_EQ(tally.distinct(0), 2u);
  EXPECT_EQ(first_key(tally), "a.");
  tally.advance(second(100));
  EXPECT_EQ(tally.size().keys, 0u);
}

}  // namespace
}  // namespace rata::aggregate
