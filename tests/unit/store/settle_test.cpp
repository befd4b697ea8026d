// When panes are written, and what the file's size does.

#include "sample.h"
#include "store/database.h"

namespace rata::store {
namespace {

TEST_F(StoreTest, A_live_pane_is_written_when_nothing_came_for_a_while) {
  open();
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}}))}, at(101));
  flush(120);
  EXPECT_EQ(store_->counters().open_panes, 1u);
  flush(121);
  EXPECT_EQ(store_->counters().open_panes, 0u);
  EXPECT_EQ(store_->counters().panes_written, 1u);
  EXPECT_EQ(store_->counters().journal_entries, 0u);
}

TEST_F(StoreTest, Panes_of_a_file_that_is_read_fast_are_written_as_its_time_goes_on) {
  open();
  // An hour of packet time years ago, in three seconds.
  const double start = -500'000'000;
  for (std::uint64_t i = 0; i < 3600; i += 40) {
    std::vector<summary::Summary> batch;
    for (std::uint64_t one = i; one < i + 40; ++one)
      batch.push_back(summary_of("ns1", one, start + static_cast<double>(one), counts_of({{"a", 1}})));
    const double now = static_cast<double>(i) / 1200;
    commit(*store_, batch, at(now));
    if (i % 1200 == 0) flush(now, std::chrono::minutes(1));
  }
  EXPECT_LE(store_->counters().open_panes, 245u) << "of 360";
  flush_due(100);
  EXPECT_EQ(store_->counters().open_panes, 0u);
}

TEST_F(StoreTest, Panes_that_take_too_much_memory_are_written_at_once) {
  config_.open_mib = 0;
  open();
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}}))}, at(101));
  flush(101);
  EXPECT_EQ(store_->counters().open_panes, 0u);
}

TEST_F(StoreTest, Of_panes_that_take_too_much_memory_those_open_longest_go_until_enough_are_gone) {
  config_.open_mib = 1;
  open();
  const std::string name(10'000, 'a');
  double wall = 6000;
  const auto commit_panes = [&](std::uint64_t first, std::uint64_t how_many) {
    for (std::uint64_t i = first; i < first + how_many; ++i) {
      const double start = static_cast<double>(i) * 10;
      commit(*store_, {summary_of("ns1", i, start, counts_of({{name, 1}}))}, at(wall += 0.001));
    }
    while (store_->merge_some(std::chrono::milliseconds(10))) {
    }
  };
  const auto flush_one = [&] { ASSERT_TRUE(store_->flush(at(6000.5), std::chrono::milliseconds(0))); };
  commit_panes(100, 120);  // 1.2 MB; the newest comes first
  commit_panes(0, 10);
  const auto full = store_->counters();
  ASSERT_TRUE(store_->is_full());
  flush_one();
  EXPECT_EQ(store_->counters().open_panes, full.open_panes - 1) << "not all at once";
  const auto database = Database::open(config_.path, Database::Access::read_only);
  ASSERT_TRUE(database);
  EXPECT_EQ((*database)->number("SELECT start FROM pane WHERE level = 10"), at(1000).ns) << "that which came first";
  while (store_->is_full()) flush_one();
  const auto enough = store_->counters();
  EXPECT_GT(enough.open_octets, std::uint64_t{1} << 19) << "no more than had to";
  flush_one();
  EXPECT_EQ(store_->counters().open_panes, enough.open_panes) << "something may still come";
  commit_panes(300, 200);  // more than twice as much
  flush_one();
  EXPECT_EQ(store_->counters().open_panes, 0u);
}

TEST_F(StoreTest, Coarse_panes_are_made_when_their_time_is_over) {
  open();
  for (std::uint64_t i = 0; i < 130; ++i)
    commit(*store_, {summary_of("ns1", i, static_cast<double>(i), counts_of({{"a", 1}}))}, at(static_cast<double>(i)));
  flush(200);
  EXPECT_GT(store_->counters().dirty_panes, 0u);
  EXPECT_EQ(store_->counters().panes_derived, 0u) << "something may still come";
  flush_due(221);
  const auto derived = store_->counters().panes_derived;
  EXPECT_GE(derived, 2u + 12u) << "two minutes, and the total of 10 s";
  flush_due(4000);
  EXPECT_EQ(store_->counters().dirty_panes, 0u) << "the hour did not go on";
}

TEST_F(StoreTest, A_flush_ends_with_its_time_and_says_that_something_is_left) {
  open();
  for (std::uint64_t i = 0; i < 6; ++i)
    commit(*store_, {summary_of("ns1", i, static_cast<double>(i) * 10, counts_of({{"a", 1}}))}, at(60));
  int calls = 0;
  for (bool is_left = true; is_left; ++calls) {
    const auto before = store_->counters();
    const auto flushed = store_->flush(at(4000), std::chrono::milliseconds(0));
    ASSERT_TRUE(flushed) << flushed.error().message;
    EXPECT_LE(store_->counters().panes_written - before.panes_written, 1u);
    is_left = store_->counters().open_panes > 0;
    EXPECT_TRUE(!is_left || *flushed == Flushed::part);
  }
  EXPECT_GE(calls, 6);
}

TEST_F(StoreTest, What_waits_to_be_merged_is_shown_and_written_like_all_else) {
  open();
  const auto kept = shared(summary_of("ns1", 1, 100, counts_of({{"a", 1}})));
  const std::string line = to_json(*kept);
  const Received received[] = {{line, kept}, {line, kept}};
  ASSERT_TRUE(store_->commit(received, at(101)));
  commit(*store_, {summary_of("ns1", 2, 101, counts_of({{"a", 2}}))}, at(102));
  auto recent = store_->recent(60, at(102), 1000);
  ASSERT_TRUE(recent);
  Numbers shown;
  while (!(*recent)->is_done()) {
    const auto some = (*recent)->next();
    for (const summary::Summary& one : some->summaries) shown["a"] += numbers_of(one)["a"];
  }
  EXPECT_EQ(shown, (Numbers{{"a", 3}}));
  EXPECT_EQ(numbers_of(*kept), (Numbers{{"a", 1}})) << "who still holds it finds it as it was";
  commit(*store_, {summary_of("ns1", 3, 102, counts_of({{"a", 4}}))}, at(103));
  EXPECT_FALSE(store_->merge_some(std::chrono::seconds(10)));
  commit(*store_, {summary_of("ns1", 4, 103, counts_of({{"a", 8}}))}, at(104));
  flush_all(130);
  EXPECT_EQ(history("server:ns1", 10, at(100), at(110)).at(100), (Numbers{{"a", 15}}));
}

TEST_F(StoreTest, Trouble_with_deriving_lasts_until_it_is_over) {
  open();
  commit(*store_, {summary_of("ns1", 1, 101, counts_of({{"a", 1}}))}, at(102));
  ASSERT_TRUE(store_->flush(at(200)));
  const std::filesystem::path away = config_.path + ".away";
  std::filesystem::rename(config_.path, away);  // the store has it open; whoever derives has not yet
  const auto derive = [&] {
    auto made = store_->derive_aside(at(9000));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return made;
  };
  for (int tries = 0; tries < 500 && derive(); ++tries) continue;
  for (int times = 0; times < 5; ++times) EXPECT_FALSE(derive());
  std::filesystem::rename(away, config_.path);
  for (int tries = 0; tries < 500 && store_->counters().dirty_panes > 0; ++tries) static_cast<void>(derive());
  EXPECT_EQ(store_->counters().dirty_panes, 0u);
  EXPECT_TRUE(derive());
}

TEST_F(StoreTest, What_is_written_while_a_pane_is_derived_is_in_it) {
  open();
  double now = 1000;
  constexpr std::uint64_t windows = 8;
  for (std::uint64_t i = 0; i < windows; ++i, now += 200) {
    commit(*store_, {summary_of("ns1", i, static_cast<double>(i % 6) * 10, counts_of({{"a", 1}}))}, at(now));
    flush(now + 30);  // written; the minute before it was being made, and is out of date
    flush(now + 90);  // the minute begins to be made anew
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  flush_due(now + 5000);
  EXPECT_EQ(store_->counters().dirty_panes, 0u);
  for (const char* scope : {"server:ns1", "total"})
    for (const std::uint32_t level : {60u, 3600u})
      EXPECT_EQ(history(scope, level, at(0), at(3600)).at(0).at("a"), windows) << scope << " " << level;
}

TEST_F(StoreTest, The_oldest_of_the_finest_goes_when_the_file_is_full) {
  config_.limit_mib = 2;
  config_.table_rows = 100'000;
  open();
  std::uint64_t random = 1;
  const auto number = [&] { return std::to_string(random = random * 6364136223846793005u + 1442695040888963407u); };
  for (std::uint64_t i = 0; i < 120; ++i) {
    Numbers numbers;
    for (int key = 0; key < 300; ++key) numbers[number()] = 1;
    commit(*store_, {summary_of("ns1", i, static_cast<double>(i * 60), counts_of(numbers))}, at(7200));
    flush_all(7200);
  }
  EXPECT_GT(store_->counters().pruned_for_room, 0u);
  EXPECT_LT(store_->counters().database_octets, 7u << 20);
  const auto notes = store_->take_notes();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_TRUE(notes.front().find("those of 1 s for ") != std::string::npos) << notes.front();
  EXPECT_TRUE(notes.front().find(" hours, not 2, those of 10 s for ") != std::string::npos) << notes.front();
  EXPECT_EQ(history("server:ns1", 10, at(0), at(3600)).size(), 0u) << "the finest went";
  std::size_t keys = 0;
  for (const auto& [start, numbers] : history("total", 3600, at(0), at(7200))) keys += numbers.size();
  EXPECT_EQ(keys, 120u * 300) << "the coarsest stayed";
}

}  // namespace
}  // namespace rata::store
