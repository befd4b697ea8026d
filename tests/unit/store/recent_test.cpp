// What was shown before the start, to be shown again.

#include <array>

#include "sample.h"
#include "store/database.h"
#include "store/pane.h"

namespace rata::store {
namespace {

class RecentTest : public StoreTest {
 protected:
  using Part = Recent::Part;
  /// What there is of "a" for the total, and for the servers together.
  struct Sums {
    std::uint64_t total = 0, servers = 0;
    std::size_t totals = 0;  ///< panes that were given of the total itself
  };

  Sums sums_of(std::uint32_t seconds, util::Time now) {
    Sums sums;
    auto recent = store_->recent(seconds, now, 1000);
    EXPECT_TRUE(recent);
    while (!(*recent)->is_done()) {
      const auto some = (*recent)->next();
      EXPECT_TRUE(some) << some.error().message;
      for (const summary::Summary& one : some->summaries) {
        EXPECT_EQ(one.server.empty(), some->part == Part::total);
        const std::uint64_t count = numbers_of(one).at("a");
        if (some->part != Part::total) sums.servers += count;
        if (some->part != Part::below_total) sums.total += count;
        sums.totals += some->part == Part::total ? 1 : 0;
      }
    }
    return sums;
  }

  /// A window a second of each server.
  void commit_seconds(std::uint64_t from, std::uint64_t to, std::uint64_t servers = 3) {
    std::vector<summary::Summary> batch;
    for (std::uint64_t second = from; second < to; ++second)
      for (std::uint64_t server = 0; server < servers; ++server)
        batch.push_back(
            summary_of("ns" + std::to_string(server), second, static_cast<double>(second), counts_of({{"a", 1}})));
    commit(*store_, batch, at(static_cast<double>(to)));
  }
};

/// All of it, in the order in which it comes.
std::vector<summary::Summary> all_of(Recent& recent) {
  std::vector<summary::Summary> all;
  while (!recent.is_done()) {
    auto some = recent.next();
    EXPECT_TRUE(some) << some.error().message;
    if (!some) break;
    for (summary::Summary& one : some->summaries) all.push_back(std::move(one));
  }
  return all;
}

std::uint64_t sum_of(const std::vector<summary::Summary>& summaries) {
  std::uint64_t sum = 0;
  for (const summary::Summary& one : summaries) sum += numbers_of(one).at("a");
  return sum;
}

TEST_F(RecentTest, What_was_shown_lately_comes_back_open_or_written) {
  for (const std::uint64_t fine : {0, 7200}) {
    config_.path = folder_ / (std::to_string(fine) + ".db");
    config_.fine_keep_seconds = fine;
    open();
    for (std::uint64_t i = 0; i < 30; ++i) {
      commit(*store_, {summary_of("ns1", i, 100 + static_cast<double>(i), counts_of({{"a", 1}}))}, at(101));
      if (i == 14) flush_all(101);
    }
    open(at(140));
    auto recent = store_->recent(30, at(140), 1000);
    ASSERT_TRUE(recent);
    std::vector<summary::Summary> all = all_of(**recent);
    std::erase_if(all, [](const auto& one) { return one.window.start < at(110); });
    EXPECT_EQ(all.size(), 3u) << "one pane is written in part, in part open";
    EXPECT_EQ(sum_of(all), 20u);
  }
}

TEST_F(RecentTest, What_was_shown_lately_is_so_by_packet_time) {
  open();
  for (std::uint64_t i = 0; i < 30; ++i)
    commit(*store_, {summary_of("ns1", i, 100 + static_cast<double>(i), counts_of({{"a", 1}}))}, at(7000));
  flush_all(7000);
  for (const util::Time now : {at(130), at(7200), at(30 * 86400)}) {
    open(now);
    const auto recent = store_->recent(60, now, 1000);
    ASSERT_TRUE(recent);
    EXPECT_EQ(sum_of(all_of(**recent)), 30u);
  }
}

TEST_F(RecentTest, What_was_shown_a_while_ago_comes_back_by_the_minute_the_newest_first) {
  config_.fine_keep_seconds = 0;
  open();
  std::vector<summary::Summary> batch;
  for (std::uint64_t i = 0; i < 600; ++i)
    if (i != 100) batch.push_back(summary_of("ns1", i, static_cast<double>(i), counts_of({{"a", 1}})));
  commit(*store_, batch, at(600));
  flush_all(600);
  commit(*store_, {summary_of("ns1", 100, 100, counts_of({{"a", 1}}))}, at(601));
  auto recent = store_->recent(601, at(601), 1000);
  ASSERT_TRUE(recent);
  util::Time before = (*recent)->full_since();
  std::vector<summary::Summary> all;
  while (!(*recent)->is_done()) {
    const auto some = (*recent)->next();
    ASSERT_TRUE(some) << some.error().message;
    EXPECT_LE((*recent)->full_since(), before);
    for (const summary::Summary& one : some->summaries) {
      EXPECT_LT(one.window.start, before);
      all.push_back(one);
    }
    before = (*recent)->full_since();
  }
  EXPECT_EQ(all.size(), 9u + 6 + 1) << "minutes, the last one by 10 s, and what came late";
  EXPECT_EQ(sum_of(all), 600u);
}

TEST_F(RecentTest, What_comes_or_is_written_while_the_recent_is_read_is_not_in_it) {
  open();
  std::vector<summary::Summary> batch;
  for (std::uint64_t i = 0; i < 300; ++i)
    batch.push_back(summary_of("ns1", i, static_cast<double>(i), counts_of({{"a", 1}})));
  commit(*store_, batch, at(300));
  flush_due(290);  // all but the last panes
  auto recent = store_->recent(300, at(300), 1000);
  ASSERT_TRUE(recent);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 300; !(*recent)->is_done(); ++i) {
    const auto some = (*recent)->next();
    ASSERT_TRUE(some) << some.error().message;
    sum += sum_of(some->summaries);
    // Into the newest pane and into an old one, and all of it into the file.
    commit(
        *store_,
        {summary_of("ns1", 2 * i, 299, counts_of({{"a", 1}})), summary_of("ns1", 2 * i + 1, 30, counts_of({{"a", 1}}))},
        at(300));
    flush_all(300);
  }
  EXPECT_EQ(sum, 300u);
}

TEST_F(RecentTest, The_journal_can_be_read_bit_by_bit) {
  open();
  for (std::uint64_t i = 0; i < 5; ++i)
    commit(*store_, {summary_of("ns1", i, static_cast<double>(i), counts_of({{"a", 1}}))}, at(10));
  store_.reset();
  auto opened = Store::open(config_, at(20), Replay::later);
  ASSERT_TRUE(opened);
  store_ = *std::move(opened);
  auto recent = store_->recent(20, at(20), 1000);
  ASSERT_TRUE(recent);
  EXPECT_TRUE(all_of(**recent).empty());  // nothing is in panes
  for (int entry = 0; entry < 5; ++entry) {
    ASSERT_FALSE(store_->is_replayed());
    ASSERT_TRUE(store_->replay_next(at(20)));
  }
  ASSERT_TRUE(store_->replay_next(at(20)));
  EXPECT_TRUE(store_->is_replayed());
  EXPECT_EQ(commit(*store_, {summary_of("ns1", 4, 4, counts_of({{"a", 1}}))}, at(20)), std::vector{Verdict::repeated});
  (*recent)->add_open();
  EXPECT_FALSE((*recent)->is_done());
  EXPECT_EQ(sum_of(all_of(**recent)), 5u);
}

TEST_F(RecentTest, What_is_shown_again_is_looked_for_bit_by_bit) {
  open();
  std::vector<summary::Summary> batch;
  for (std::uint64_t server = 0; server < 50; ++server)
    batch.push_back(summary_of("ns" + std::to_string(server), 1, 3590, counts_of({{"a", 1}})));
  commit(*store_, batch, at(3600));
  flush_all(3600);
  auto recent = store_->recent(3600, at(3600), 1000);
  ASSERT_TRUE(recent);
  std::size_t looks = 0, found = 0;
  for (; !(*recent)->is_done(); ++looks) {
    const auto some = (*recent)->next();
    if (some->part != Recent::Part::total) found += some->summaries.size();
  }
  EXPECT_EQ(found, 50u);
  EXPECT_GT(looks, 500u) << "ten steps or more, of one server each";
}

TEST_F(RecentTest, The_total_comes_first_and_those_it_is_of_say_that_it_has_them) {
  open();
  commit_seconds(0, 600);
  flush_all(600);
  auto recent = store_->recent(600, at(600), 1000);
  ASSERT_TRUE(recent);
  std::vector<Part> parts;
  while (!(*recent)->is_done()) {
    const auto some = (*recent)->next();
    ASSERT_TRUE(some);
    if (!some->summaries.empty()) parts.push_back(some->part);
  }
  EXPECT_EQ(parts.front(), Part::total);
  EXPECT_EQ(std::ranges::count(parts, Part::total), 2) << "of each level";
  EXPECT_EQ(std::ranges::count(parts, Part::server), 0);
  const Sums sums = sums_of(600, at(600));
  EXPECT_EQ(sums.total, 1800u);
  EXPECT_EQ(sums.servers, 1800u);
  EXPECT_EQ(sums.totals, 9u + 6) << "minutes, the last one by 10 s";
}

TEST_F(RecentTest, Where_the_total_is_not_derived_yet_the_servers_count_in_it) {
  open();
  commit_seconds(0, 300);
  flush_all(300);
  commit_seconds(300, 420);  // into panes, and open
  flush(425);
  EXPECT_GT(store_->counters().open_panes, 0u);
  EXPECT_GT(store_->counters().dirty_panes, 0u);
  commit(*store_, {summary_of("ns1", 1000, 65, counts_of({{"a", 5}}))}, at(420));  // late, and open
  const Sums open_sums = sums_of(420, at(420));
  EXPECT_EQ(open_sums.total, 3u * 420 + 5);
  EXPECT_EQ(open_sums.servers, 3u * 420 + 5);
  open(at(430));
  flush(500);  // the late one too: the total of that minute is out of date
  const Sums late = sums_of(420, at(500));
  EXPECT_EQ(late.total, 3u * 420 + 5);
  EXPECT_EQ(late.servers, 3u * 420 + 5);
  EXPECT_GT(late.totals, 2u);
  EXPECT_LT(late.totals, open_sums.totals) << "that minute comes from the servers";
}

TEST_F(RecentTest, A_total_that_cannot_be_read_is_made_of_its_servers) {
  open();
  commit_seconds(0, 600);
  flush_all(600);
  {
    auto database = Database::open(config_.path, Database::Access::write);
    ASSERT_TRUE(database);
    (*database)->run(
        "UPDATE pane SET lines = x'00' WHERE series IN (SELECT id FROM series WHERE kind = 2) AND start = ?",
        at(120).ns);
    ASSERT_TRUE((*database)->outcome());
  }
  const Sums sums = sums_of(600, at(600));
  EXPECT_EQ(sums.total, 1800u);
  EXPECT_EQ(sums.servers, 1800u);
  EXPECT_EQ(sums.totals, 8u + 6);
}

TEST_F(RecentTest, A_single_server_is_its_own_total) {
  open();
  commit_seconds(0, 600, 1);
  flush_all(600);
  const Sums sums = sums_of(600, at(600));
  EXPECT_EQ(sums.total, 600u);
  EXPECT_EQ(sums.servers, 600u);
  EXPECT_EQ(sums.totals, 0u);
}

TEST_F(RecentTest, Windows_of_any_length_count_once_in_the_total) {
  constexpr std::array<double, 4> lengths{1, 30, 60, 300};
  open();
  std::uint64_t expected = 0;
  std::vector<summary::Summary> batch;
  for (std::size_t server = 0; server < lengths.size(); ++server)
    for (double start = 0; start < 900; start += lengths[server], ++expected)
      batch.push_back(summary_of("ns" + std::to_string(server), static_cast<std::uint64_t>(start), start,
                                 counts_of({{"a", 1}}), lengths[server]));
  commit(*store_, batch, at(900));
  flush_all(900);
  const Sums sums = sums_of(900, at(900));
  EXPECT_EQ(sums.servers, expected);
  EXPECT_EQ(sums.total, expected);
  EXPECT_GT(sums.totals, 0u);
}

TEST_F(RecentTest, One_whose_clock_is_ahead_counts_once_and_takes_nothing_of_others_with_it) {
  open();
  commit_seconds(0, 300);
  commit(*store_,
         {summary_of("ns9", 0, 295, counts_of({{"a", 1}}), 10), summary_of("ns9", 1, 700, counts_of({{"a", 1}})),
          summary_of("ns9", 2, 1000, counts_of({{"a", 1}}))},
         at(300));
  flush_all(300);
  auto recent = store_->recent(300, at(300), 1000);
  ASSERT_TRUE(recent);
  std::uint64_t over = 0;
  while (!(*recent)->is_done()) {
    const auto some = (*recent)->next();
    ASSERT_TRUE(some);
    for (const summary::Summary& one : some->summaries)
      over += some->part == Part::total && end_of(one.window) > at(300) ? 1 : 0;
  }
  EXPECT_EQ(over, 0u) << "such a pane would not be shown at all";
  const Sums sums = sums_of(300, at(300));
  EXPECT_EQ(sums.servers, 903u);
  EXPECT_EQ(sums.total, 903u);
}

TEST_F(RecentTest, What_came_before_one_that_runs_ahead_comes_back_by_packet_time) {
  open();
  commit_seconds(0, 120);
  commit(*store_, {summary_of("ns9", 1, 7800, counts_of({{"a", 1}}))}, at(7200));
  flush_all(7200);
  EXPECT_EQ(sums_of(60, at(7200)).servers, 180u + 1);
}

TEST_F(RecentTest, Windows_that_were_longer_before_come_back_too) {
  open();
  std::vector<summary::Summary> batch;
  std::uint64_t sequence = 0;
  for (const char* server : {"ns1", "ns2"}) {
    for (double start = 0; start < 600; start += 300)
      batch.push_back(summary_of(server, ++sequence, start, counts_of({{"a", 300}}), 300));
    for (double start = 600; start < 870; start += 30)
      batch.push_back(summary_of(server, ++sequence, start, counts_of({{"a", 30}}), 30));
    for (double start = 870; start < 900; ++start)
      batch.push_back(summary_of(server, ++sequence, start, counts_of({{"a", 1}})));
  }
  commit(*store_, batch, at(900));
  flush_all(900);
  const Sums sums = sums_of(900, at(900));
  EXPECT_EQ(sums.servers, 1800u);
  EXPECT_EQ(sums.total, 1800u);
}

TEST_F(RecentTest, Rates_come_before_totals_and_totals_in_small_bits) {
  config_.fine_keep_seconds = 0;
  open();
  std::vector<summary::Summary> batch;
  for (std::uint64_t second = 0; second < 7200; second += 10)
    for (const char* server : {"ns1", "ns2"}) {
      batch.push_back(summary_of(server, second, static_cast<double>(second), counts_of({{"a", 1}})));
      batch.push_back(summary_of(server, second, static_cast<double>(second), rate_of(1, 1)));
      batch.back().type = "rates";
    }
  commit(*store_, batch, at(7200));
  flush_all(7200);
  auto recent = store_->recent(7200, at(7200), 1000);
  ASSERT_TRUE(recent);
  bool has_rates = false;
  std::size_t totals = 0;
  while (!(*recent)->is_done()) {
    const auto some = (*recent)->next();
    ASSERT_TRUE(some);
    if (some->part != Part::total) {
      has_rates = has_rates || (!some->summaries.empty() && some->summaries.front().type == "rates");
      continue;
    }
    EXPECT_TRUE(has_rates);
    EXPECT_LE(some->summaries.size(), 32u);
    totals += some->summaries.size();
  }
  EXPECT_EQ(totals, 118u + 12) << "minutes, the last ones by 10 s";
}

TEST_F(RecentTest, Of_more_servers_than_are_shown_the_total_has_only_those_that_are) {
  open();
  commit_seconds(0, 300);
  flush_all(300);
  auto recent = store_->recent(300, at(300), 2);
  ASSERT_TRUE(recent);
  while (!(*recent)->is_done()) {
    const auto some = (*recent)->next();
    ASSERT_TRUE(some);
    EXPECT_EQ(some->part, Part::server);
  }
}

}  // namespace
}  // namespace rata::store
