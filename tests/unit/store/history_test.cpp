// What is read is what was committed, at every level and scope.

#include "store/history.h"

#include <atomic>
#include <limits>
#include <thread>

#include "sample.h"

namespace rata::store {
namespace {

using Verdicts = std::vector<Verdict>;
using ByStart = std::map<std::int64_t, Numbers>;

TEST_F(StoreTest, Windows_gather_in_the_pane_that_they_start_in) {
  open();
  commit(*store_,
         {summary_of("ns1", 1, 109, counts_of({{"a", 1}})), summary_of("ns1", 2, 110, counts_of({{"a", 2}})),
          summary_of("ns1", 3, 119.5, counts_of({{"b", 4}})), summary_of("ns1", 4, 120, counts_of({{"a", 8}}))},
         at(121));
  flush_all(150);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(200)),
            (ByStart{{100, {{"a", 1}}}, {110, {{"a", 2}, {"b", 4}}}, {120, {{"a", 8}}}}));
  EXPECT_EQ(history("server:ns1", 60, at(0), at(200)), (ByStart{{60, {{"a", 3}, {"b", 4}}}, {120, {{"a", 8}}}}));
  EXPECT_EQ(history("server:ns1", 3600, at(0), at(200)), (ByStart{{0, {{"a", 11}, {"b", 4}}}}));
  EXPECT_EQ(history("server:ns1", 1, at(109), at(111)), (ByStart{{109, {{"a", 1}}}, {110, {{"a", 2}}}}));
}

TEST_F(StoreTest, Windows_longer_than_a_pane_go_to_a_level_that_holds_them) {
  open();
  commit(*store_,
         {summary_of("ns1", 1, 120, counts_of({{"a", 1}}), 60), summary_of("ns1", 2, 180, counts_of({{"a", 2}}), 60),
          summary_of("ns1", 3, 0, counts_of({{"a", 4}}), 86'400)},
         at(86'400));
  flush_all(86'430);
  EXPECT_EQ(history("total", 10, at(0), at(400)), ByStart{});
  EXPECT_EQ(history("total", 60, at(0), at(400)), (ByStart{{120, {{"a", 1}}}, {180, {{"a", 2}}}}));
  EXPECT_EQ(history("total", 3600, at(0), at(400)), (ByStart{{0, {{"a", 7}}}}));
}

TEST_F(StoreTest, Servers_stand_side_by_side_and_windows_follow_one_another) {
  config_.groups = {{"chile", {"ns1", "ns2"}}, {"empty", {"ns9"}}};
  open();
  std::vector<summary::Summary> batch;
  for (const char* server : {"ns1", "ns2", "ns3"})
    for (std::uint64_t i = 0; i < 60; ++i)
      batch.push_back(summary_of(server, i, static_cast<double>(i), rate_of(7, 1)));
  commit(*store_, batch, at(61));
  flush_all(90);
  const std::pair<const char*, std::uint64_t> scopes[] = {{"total", 3}, {"group:chile", 2}, {"server:ns3", 1}};
  for (const auto& [scope, servers] : scopes)
    for (const std::uint32_t level : {1u, 10u, 60u}) {
      const auto answer = reader()->history(
          {.scope = *parse_scope(scope), .reducer = "names", .from = at(0), .to = at(60), .level = level});
      ASSERT_TRUE(answer) << answer.error().message;
      ASSERT_EQ(answer->points.size(), 60 / level) << scope << " " << level;
      EXPECT_EQ(rate_in(answer->points.front()).count, 7 * level * servers) << scope << " " << level;
      EXPECT_EQ(rate_in(answer->points.front()).seconds, level) << scope << " " << level;
      EXPECT_EQ(answer->points.front().server, servers == 1 ? "ns3" : "");
      EXPECT_EQ(answer->points.front().monitor, servers == 1 ? "m1" : "");
    }
  EXPECT_EQ(history("group:empty", 10, at(0), at(60)), ByStart{});
  EXPECT_EQ(history("group:unknown", 10, at(0), at(60)), ByStart{});
}

TEST_F(StoreTest, What_comes_late_is_in_all_levels_and_scopes) {
  open();
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}})), summary_of("ns1", 9, 8000, counts_of({{"a", 1}}))},
         at(8001));
  flush_all(8030);
  commit(*store_, {summary_of("ns1", 2, 101, counts_of({{"a", 2}}))}, at(8031));
  for (int i = 0; i < 2; ++i) {
    // Written, but nothing derived anew: a reader makes it on the way.
    if (i == 0) flush(8060);
    if (i == 1) flush_all(8070);
    for (const char* scope : {"total", "server:ns1"})
      for (const std::uint32_t level : {10u, 60u, 3600u})
        EXPECT_EQ(history(scope, level, at(0), at(3600)).begin()->second, (Numbers{{"a", 3}})) << scope << level;
  }
}

TEST_F(StoreTest, What_comes_when_its_fine_panes_are_gone_is_in_the_coarse_ones) {
  config_.levels = {{10, 60}, {60, 3600}, {3600, 36'000}};
  config_.fine_keep_seconds = 60;
  open();
  const auto now = [this](double second) { flush_all(second); };
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}})), summary_of("ns1", 2, 500, counts_of({{"a", 2}}))},
         at(501));
  now(502);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(420)), ByStart{}) << "kept for a minute";
  commit(*store_, {summary_of("ns1", 3, 101, counts_of({{"a", 4}}))}, at(503));
  now(504);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(420)), ByStart{});
  EXPECT_EQ(history("server:ns1", 60, at(0), at(420)), (ByStart{{60, {{"a", 5}}}}));
  EXPECT_EQ(history("total", 60, at(0), at(420)), (ByStart{{60, {{"a", 5}}}}));
  EXPECT_EQ(history("total", 3600, at(0), at(420)), (ByStart{{0, {{"a", 7}}}}));
  commit(*store_, {summary_of("ns1", 4, 20'000, counts_of({{"a", 1}}))}, at(20'001));
  now(20'002);
  commit(*store_, {summary_of("ns1", 5, 102, counts_of({{"a", 8}}))}, at(20'003));
  now(20'004);
  EXPECT_EQ(history("total", 60, at(0), at(420)), ByStart{});
  EXPECT_EQ(history("total", 3600, at(0), at(420)), (ByStart{{0, {{"a", 15}}}}));
}

TEST_F(StoreTest, A_pane_that_is_open_while_its_level_gives_it_up_moves_to_the_next) {
  config_.levels = {{10, 60}, {60, 3600}};
  open();
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}}))}, at(1001));
  commit(*store_, {summary_of("ns2", 1, 1000, counts_of({{"b", 1}}))}, at(1001));
  flush(1001);  // nothing has settled, and the horizon is at 900 now
  flush_all(1002);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(900)), ByStart{});
  EXPECT_EQ(history("total", 60, at(0), at(900)), (ByStart{{60, {{"a", 1}}}}));
}

TEST_F(StoreTest, A_reader_beside_the_writer_sees_whole_states) {
  open();
  std::atomic<bool> is_done = false;
  std::thread reading([&] {
    const auto read = reader();
    std::uint64_t before = 0;
    for (bool is_last = false; !is_last;) {
      is_last = is_done;
      // Both servers are written in one transaction, and the total is derived on the way.
      std::uint64_t sums[2] = {0, 0};
      for (const char* scope : {"server:ns1", "total"}) {
        const auto answer =
            read->merged({.scope = *parse_scope(scope), .reducer = "names", .from = at(0), .to = at(3600)});
        ASSERT_TRUE(answer) << answer.error().message;
        for (const summary::Summary& one : *answer) sums[scope == std::string("total")] += numbers_of(one).at("a");
      }
      EXPECT_GE(sums[0], before) << "what was there stays";
      EXPECT_GE(sums[1], 2 * sums[0]) << "the second question sees the first one's state or a later one";
      EXPECT_EQ(sums[1] % 2, 0u) << "half a transaction";
      before = sums[0];
    }
    EXPECT_EQ(before, 200u);
  });
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto start = static_cast<double>(i);
    commit(*store_,
           {summary_of("ns1", i, start, counts_of({{"a", 1}})), summary_of("ns2", i, start, counts_of({{"a", 1}}))},
           at(start));
    if (i % 10 == 9) flush_all(start);
  }
  is_done = true;
  reading.join();
}

TEST_F(StoreTest, Data_that_changes_its_form_stays_beside_what_was_there) {
  open();
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}})), summary_of("ns1", 2, 101, rate_of(5, 1))},
         at(102));
  flush_all(103);
  const auto answer = reader()->history({.reducer = "names", .from = at(0), .to = at(200), .level = 3600});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->points.size(), 2u);
  EXPECT_EQ(store_->counters().forms_lost, 0u);
}

TEST_F(StoreTest, Tables_are_cut_and_their_totals_stay) {
  config_.table_rows = 3;
  open();
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 9}, {"b", 8}, {"c", 7}, {"d", 2}, {"e", 1}}))}, at(102));
  flush_all(103);
  const auto answer = reader()->history({.reducer = "names", .from = at(0), .to = at(200), .level = 60});
  ASSERT_TRUE(answer);
  const auto& counts = std::get<summary::Counts>(answer->points.front().data);
  EXPECT_EQ(numbers_of(answer->points.front()), (Numbers{{"a", 9}, {"b", 8}, {"c", 7}}));
  ASSERT_EQ(counts.rest.size(), 1u);
  EXPECT_EQ(counts.rest.front().count, 3u);
}

TEST_F(StoreTest, A_merge_over_a_time_takes_it_exactly_where_fine_panes_are) {
  config_.levels = {{10, 600}, {60, 3600}, {3600, 360'000}};
  open();
  std::vector<summary::Summary> batch;
  for (std::uint64_t i = 0; i < 725; ++i)
    batch.push_back(summary_of(i % 2 == 0 ? "ns1" : "ns2", i, static_cast<double>(i * 10), counts_of({{"a", 1}})));
  commit(*store_, batch, at(7250));
  flush_all(7280);
  const auto merged = [&](double from, double to) -> std::uint64_t {
    const auto answer = reader()->merged({.reducer = "names", .from = at(from), .to = at(to)});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer && !answer->empty() ? numbers_of(answer->front()).at("a") : 0;
  };
  EXPECT_EQ(merged(0, 7200), 720u);
  EXPECT_EQ(merged(6610, 7190), 58u) << "panes of 10 s at both ends";
  EXPECT_EQ(merged(3660, 7190), 353u) << "minutes at the start, 10 s at the end";
  EXPECT_EQ(merged(6700, 6710), 1u);
  EXPECT_EQ(merged(600, 1200), 360u) << "kept by the hour only: that hour";
  EXPECT_EQ(merged(8000, 9000), 0u);
}

TEST_F(StoreTest, Single_seconds_answer_only_where_they_are_all_there_is) {
  open();
  Numbers many;
  for (int key = 0; key < 100; ++key) many["k" + std::to_string(key)] = 1;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto second = static_cast<double>(i);
    const bool is_small = i == 5 || i >= 20;
    commit(*store_,
           {summary_of("quiet", i, second, counts_of({{"a", 1}})),
            summary_of("busy", i, second, is_small ? counts_of({{"a", 1}}) : counts_of(many))},
           at(second));
  }
  flush_all(100);
  for (int times = 0; times < 2; ++times, open()) {
    const auto ask = [&](const char* scope, double from) {
      return *reader()->history({.scope = *parse_scope(scope), .reducer = "names", .from = at(from), .to = at(40)});
    };
    EXPECT_EQ(ask("server:quiet", 0).level, 1u);
    EXPECT_EQ(ask("server:busy", 0).level, 10u);
    EXPECT_EQ(ask("total", 0).level, 10u);
    std::uint64_t packets = 0;
    for (const summary::Summary& pane : ask("total", 0).points) packets += pane.window.packets;
    EXPECT_EQ(packets, 80u);
    const History seconds = ask("total", 20);
    EXPECT_EQ(seconds.level, 1u);
    ASSERT_EQ(seconds.points.size(), 20u);
    for (const summary::Summary& pane : seconds.points) EXPECT_EQ(pane.window.packets, 2u);
    const auto refused = reader()->history(
        {.scope = *parse_scope("total"), .reducer = "names", .from = at(0), .to = at(40), .level = 1});
    ASSERT_FALSE(refused) << "half of it is no answer";
    EXPECT_TRUE(refused.error().message.find("only from ") != std::string::npos) << refused.error().message;
    const auto streams = reader()->streams();
    for (const Stream& stream : *streams) EXPECT_EQ(stream.finest, 1u) << stream.server;
  }
}

TEST_F(StoreTest, The_level_is_the_finest_that_gives_no_more_points_than_asked_for) {
  open();
  commit(*store_, {summary_of("ns1", 1, 0, counts_of({{"a", 1}})), summary_of("ns1", 2, 86'000, counts_of({{"a", 1}}))},
         at(86'000));
  flush_all(86'030);
  const std::tuple<double, double, std::size_t, std::uint32_t> cases[] = {
      {85'900, 86'000, 100, 1}, {85'900, 86'000, 99, 10}, {0, 3600, 60, 60}, {0, 3600, 500, 10}, {0, 86'400, 3, 3600},
  };
  for (const auto& [from, to, points, level] : cases) {
    const auto answer = reader()->history({.reducer = "names", .from = at(from), .to = at(to), .points = points});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->level, level) << from << " " << points;
  }
}

TEST_F(StoreTest, Questions_that_make_no_sense_are_refused) {
  open();
  const auto read = reader();
  EXPECT_FALSE(read->history({.reducer = "names", .from = at(0), .to = at(10), .level = 7}));
  const auto many = read->history({.reducer = "names", .from = at(0), .to = at(1e6), .level = 10});
  ASSERT_FALSE(many);
  EXPECT_TRUE(many.error().message.find("coarser") != std::string::npos) << many.error().message;
  constexpr util::Time ever{std::numeric_limits<std::int64_t>::max()}, never{std::numeric_limits<std::int64_t>::min()};
  EXPECT_FALSE(read->history({.reducer = "names", .from = never, .to = ever, .level = 10}));
  EXPECT_TRUE(read->history({.reducer = "names", .from = ever, .to = never, .level = 10}));
  EXPECT_TRUE(read->merged({.reducer = "names", .from = never, .to = ever}));
  EXPECT_FALSE(parse_scope("ns1"));
  EXPECT_EQ(parse_scope("group:a:b")->name, "a:b");
}

TEST_F(StoreTest, What_there_is_is_listed) {
  open();
  auto rate = summary_of("ns2", 1, 50, rate_of(1, 1));
  rate.type = "QueriesPerSecond";
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}})), rate}, at(102));
  flush_all(103);
  const auto streams = reader()->streams();
  ASSERT_TRUE(streams);
  ASSERT_EQ(streams->size(), 2u);
  EXPECT_EQ(streams->front().form, "sum");
  EXPECT_EQ(streams->back().server, "ns2");
  EXPECT_EQ(streams->back().form, "rate");
  EXPECT_EQ(streams->back().first, at(50));
  EXPECT_EQ(streams->back().last, at(51));
}

TEST_F(StoreTest, Gaps_are_missing_numbers_and_the_time_between_two_runs) {
  open();
  std::vector<summary::Summary> batch;
  for (const std::uint64_t i : {0, 1, 2, 5, 6})
    for (const char* reducer : {"names", "types"}) {
      auto one = summary_of("ns1", i, 100 + static_cast<double>(i), counts_of({{"a", 1}}));
      one.type = reducer;
      batch.push_back(one);
    }
  auto restarted = summary_of("ns1", 0, 200, counts_of({{"a", 1}}));
  restarted.id.boot = "boot2";
  batch.push_back(restarted);
  commit(*store_, batch, at(201));
  flush_all(230);
  const auto gaps = reader()->gaps("ns1", at(0), at(1000));
  ASSERT_TRUE(gaps);
  ASSERT_EQ(gaps->size(), 2u);
  EXPECT_EQ(gaps->front().windows, 2u);
  EXPECT_EQ(gaps->front().from, at(103));
  EXPECT_EQ(gaps->front().to, at(105));
  EXPECT_EQ(gaps->front().reducers, (std::vector<std::string>{"names", "types"}));
  EXPECT_EQ(gaps->back().from, at(107));
  EXPECT_EQ(gaps->back().to, at(200));
  EXPECT_TRUE(gaps->back().boot.empty());
  EXPECT_EQ(reader()->gaps("ns1", at(0), at(102))->size(), 0u);
  EXPECT_EQ(reader()->gaps("ns1", at(104), at(104.5))->size(), 1u) << "inside of it";
  EXPECT_EQ(reader()->gaps("ns1", at(110), at(120))->size(), 1u) << "between the runs";
  EXPECT_EQ(reader()->gaps("ns1", at(300), at(400))->size(), 0u);
  commit(*store_, {summary_of("ns1", 3, 103, counts_of({{"a", 1}})), summary_of("ns1", 4, 104, counts_of({{"a", 1}}))},
         at(240));
  flush_all(270);
  EXPECT_EQ(reader()->gaps("ns1", at(0), at(150))->front().reducers, (std::vector<std::string>{"types"}));
}

}  // namespace
}  // namespace rata::store
