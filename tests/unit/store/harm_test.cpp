// What one sender, or a damaged file, must not do to what others have.

#include <signal.h>
#include <sys/resource.h>

#include <fstream>

#include "sample.h"
#include "store/catalogue.h"
#include "store/database.h"
#include "store/journal.h"
#include "store/pane.h"
#include "summary/reading.h"

namespace rata::store {
namespace {

constexpr double a_day = 86'400;

class HarmTest : public StoreTest {
 protected:
  /// While the store is closed.
  void run(const char* sql) {
    auto database = Database::open(config_.path, Database::Access::write);
    ASSERT_TRUE(database) << database.error().message;
    (*database)->script(sql);
    const auto done = (*database)->outcome();
    ASSERT_TRUE(done) << done.error().message;
  }
  void open_later(util::Time now) {
    store_.reset();
    auto opened = Store::open(config_, now, Replay::later);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  /// All but the first.
  void damage_pages() const {
    constexpr std::streamoff page = 4096;
    std::fstream file(config_.path, std::ios::binary | std::ios::in | std::ios::out);
    const auto octets = static_cast<std::streamoff>(std::filesystem::file_size(config_.path));
    file.seekp(page);
    for (std::streamoff at = page; at < octets; ++at) file.put('\xff');
  }
  std::int64_t number(std::string_view sql) const {
    auto database = Database::open(config_.path, Database::Access::read_only);
    EXPECT_TRUE(database) << database.error().message;
    return database ? (*database)->number(sql) : -1;
  }
};

TEST_F(HarmTest, A_clock_that_is_ahead_makes_no_history_old) {
  config_.levels = {{10, 600}, {60, 36'000}, {3600, 360'000}};
  config_.fine_keep_seconds = 600;
  open();
  std::vector<summary::Summary> good;
  for (std::uint64_t i = 0; i < 600; ++i)
    good.push_back(summary_of("good", i, static_cast<double>(i), counts_of({{"a", 1}})));
  commit(*store_, good, at(600));
  flush_all(600);
  EXPECT_EQ(commit(*store_, {summary_of("bad", 1, 4190, counts_of({{"b", 1}}))}, at(600)).front(), Verdict::fresh);
  flush_all(601);
  open(at(602));
  flush_all(602);
  for (const std::uint32_t level : {1u, 10u})
    EXPECT_EQ(history("server:good", level, at(0), at(600)).size(), 600 / level) << level;
  EXPECT_EQ(commit(*store_, {summary_of("good", 601, 601, counts_of({{"a", 1}}))}, at(602)).front(), Verdict::fresh);
  flush_all(640);
  EXPECT_EQ(history("server:good", 10, at(600), at(610)).size(), 1u) << "and what comes has its fine panes";
}

TEST_F(HarmTest, A_batch_too_large_for_the_journal_is_an_error_and_nothing_of_it_was_taken) {
  open();
  const std::string line(std::size_t{60} << 20, ' ');
  const auto one = summary_of("ns1", 1, 1, counts_of({{"a", 1}}));
  const std::vector<Received> batch(9, {line, shared(one)});
  const auto answers = store_->commit(batch, at(2));
  ASSERT_FALSE(answers);
  EXPECT_TRUE(answers.error().message.find("smaller") != std::string::npos) << answers.error().message;
  EXPECT_EQ(commit(*store_, {one}, at(2)).front(), Verdict::fresh);
}

TEST_F(HarmTest, A_damaged_journal_entry_is_set_aside_and_the_start_goes_on) {
  open();
  for (std::uint64_t i = 0; i < 2; ++i)
    commit(*store_, {summary_of("ns1", i, static_cast<double>(i), counts_of({{std::to_string(i), 1}}))}, at(2));
  store_.reset();
  run("UPDATE journal SET lines = x'0102' WHERE number = 1");
  open(at(3));
  EXPECT_EQ(store_->counters().unreadable, 1u);
  const auto notes = store_->take_notes();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_TRUE(notes.front().find("journal entry 1 ") != std::string::npos) << notes.front();
  flush_all(30);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(10)).at(0), (Numbers{{"1", 1}}));
  EXPECT_EQ(number("SELECT count(*) FROM journal"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM lost WHERE number = 1 AND lines = x'0102'"), 1);
}

/// While it lives no file can grow, as on a full disk.
class NoRoom {
 public:
  NoRoom() {
    getrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, SIG_IGN);
    const rlimit none{.rlim_cur = 1, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoRoom() { setrlimit(RLIMIT_FSIZE, &before_); }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  rlimit before_{};
};

TEST_F(HarmTest, A_damaged_journal_entry_stays_until_it_is_set_aside) {
  open();
  const auto good = summary_of("ns1", 1, 1, counts_of({{"a", 1}}));
  auto no_boot = summary_of("ns2", 0, 1, counts_of({{"a", 1}}));
  no_boot.id = {};
  const std::string line = to_json(no_boot), bad = to_json(good) + "}";  // which only the journal finds out
  const Received received[] = {{line, shared(no_boot)}, {bad, shared(good)}};
  ASSERT_TRUE(store_->commit(received, at(2)));
  open_later(at(3));
  {
    const NoRoom full;
    for (int times = 0; times < 3; ++times) EXPECT_FALSE(store_->replay_next(at(3)));
  }
  EXPECT_FALSE(store_->is_replayed());
  EXPECT_TRUE(store_->take_notes().empty()) << "nothing is set aside";
  while (!store_->is_replayed()) ASSERT_TRUE(store_->replay_next(at(3)));
  EXPECT_EQ(store_->counters().unreadable, 1u);
  EXPECT_EQ(store_->take_notes().size(), 1u);
  EXPECT_EQ(number("SELECT count(*) FROM lost WHERE number = 1"), 1);
  flush_all(30);
  EXPECT_EQ(number("SELECT count(*) FROM journal"), 0);
  EXPECT_EQ(history("server:ns2", 10, at(0), at(10)).at(0), (Numbers{{"a", 1}})) << "it counts once";
}

TEST_F(HarmTest, Nothing_is_taken_or_written_before_the_journal_is_read) {
  config_.settle_seconds = 20;
  open();
  const auto of = [](double start) {
    auto made = summary_of("ns1", 0, start, counts_of({{"a", 1}}));
    made.id = {};  // without a boot it has the number of its place in the journal
    return made;
  };
  commit(*store_, {of(100)}, at(101));
  commit(*store_, {of(0), of(101)}, at(101));
  commit(*store_, {of(102)}, at(118));
  flush_due(122);  // the first pane is written, and the journal still has what is in it
  ASSERT_EQ(store_->counters().open_panes, 1u);
  open_later(at(123));
  for (int entry = 0; !store_->is_replayed(); ++entry) {
    const auto written = store_->write_open(at(123), std::chrono::seconds(1));
    ASSERT_FALSE(written) << "with " << entry << " entries read";
    EXPECT_NE(written.error().message.find("journal is not read"), std::string::npos) << written.error().message;
    EXPECT_FALSE(store_->flush(at(123)));
    EXPECT_FALSE(store_->flush_all(at(123)));
    EXPECT_FALSE(store_->commit({}, at(123)));
    ASSERT_TRUE(store_->replay_next(at(123)));
  }
  open(at(124));
  flush_all(150);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(10)).at(0), (Numbers{{"a", 1}}));
  EXPECT_EQ(history("server:ns1", 10, at(100), at(110)).at(100), (Numbers{{"a", 3}}));
}

TEST_F(HarmTest, Entries_that_are_not_read_yet_may_stay) {
  Journal journal;
  EXPECT_FALSE(journal.is_read());
  EXPECT_EQ(journal.lowest(), 0);
  journal.waits(3, 2);
  journal.read(3);
  EXPECT_EQ(journal.lowest(), 3);
  EXPECT_EQ(journal.lowest_after({{3, 1}}), 3);
  EXPECT_EQ(journal.lowest_after({{3, 2}}), 4);
  journal.all_read();
  EXPECT_TRUE(journal.is_read());
  EXPECT_EQ(journal.lowest_after({{3, 2}}), Journal::most_entries);
}

TEST_F(HarmTest, When_the_file_cannot_be_read_what_was_open_is_still_shown_again) {
  open();
  commit(*store_, {summary_of("ns1", 1, 590, counts_of({{"a", 1}}))}, at(600));
  flush_all(600);
  open(at(600));
  commit(*store_, {summary_of("ns1", 2, 100, counts_of({{"b", 1}}))}, at(600));
  store_.reset();
  open(at(600));
  auto recent = store_->recent(600, at(600), 1000);
  ASSERT_TRUE(recent);
  damage_pages();
  const auto failed = (*recent)->next();
  ASSERT_FALSE(failed);
  EXPECT_EQ((*recent)->full_since(), at(600));
  EXPECT_FALSE((*recent)->is_done());
  const auto open = (*recent)->next();
  ASSERT_TRUE(open) << open.error().message;
  ASSERT_EQ(open->summaries.size(), 1u);
  EXPECT_EQ(numbers_of(open->summaries.front()), (Numbers{{"b", 1}}));
  EXPECT_TRUE((*recent)->is_done());
  EXPECT_EQ((*recent)->full_since(), at(600)) << "what is older is not there";
}

TEST_F(HarmTest, A_record_that_does_not_say_when_it_is_of_keeps_the_time_of_its_arrival) {
  open();
  const std::string line = R"({"type":"names","serverId":"ns1","monitor":"m","merge":"sum","data":{"window":5},)"
                           R"("id":{"boot":"b","sequence":1,"revision":0}})";
  const auto read = summary::read_json(line, at(100));
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->window.start, at(100));
  const Received received[] = {{line, shared(*read)}};
  ASSERT_EQ(store_->commit(received, at(100))->front().verdict, Verdict::fresh);
  open(at(101));  // as after a crash: from the journal
  flush_all(102);
  ASSERT_EQ(reader()->streams()->size(), 1u);
  EXPECT_EQ(reader()->streams()->front().first, at(100));
}

TEST_F(HarmTest, A_pane_that_cannot_be_read_stays_and_what_comes_is_written_beside_it) {
  open();
  commit(*store_, {summary_of("ns1", 1, 1, counts_of({{"a", 1}}))}, at(2));
  flush_all(2);
  store_.reset();
  run("UPDATE pane SET lines = x'0102' WHERE level = 10 AND part = 1");
  open(at(3));
  for (std::uint64_t i = 2; i < 4; ++i) {
    commit(*store_, {summary_of("ns1", i, 1, counts_of({{"a", 1}}))}, at(3));
    flush_all(3);
  }
  EXPECT_GT(store_->counters().unreadable, 0u);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(10)).at(0), (Numbers{{"a", 2}}));
  EXPECT_EQ(number("SELECT count(*) FROM pane WHERE level = 10 AND lines = x'0102'"), 1);
}

TEST_F(HarmTest, Counts_that_would_run_over_do_not_take_others_along) {
  constexpr std::uint64_t large = std::uint64_t{1} << 61;
  Pane pane;
  EXPECT_TRUE(add(pane, summary_of("ns1", 1, 1, counts_of({{"a", 7}})), summary::Relation::consecutive, 10));
  EXPECT_TRUE(add(pane, summary_of("ns1", 2, 2, counts_of({{"b", large}})), summary::Relation::consecutive, 10));
  EXPECT_FALSE(add(pane, summary_of("ns1", 3, 3, counts_of({{"c", large}})), summary::Relation::consecutive, 10));
  EXPECT_FALSE(add(pane, summary_of("ns1", 4, 4, rate_of(2 * large + 1, 1)), summary::Relation::consecutive, 10));
  const auto again = unpacked_pane(packed(pane, 100));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(numbers_of(again->front()), (Numbers{{"a", 7}, {"b", large}}));
}

TEST_F(HarmTest, When_there_are_too_many_names_those_that_are_known_start_again) {
  Catalogue catalogue(config_);
  auto known = summary_of("good", 1, 1, counts_of({}));
  catalogue.source(known);
  auto made_up = summary_of("bad", 1, 1, counts_of({}));
  for (std::size_t i = 0; i < Catalogue::most_series; ++i) {
    made_up.type = "r" + std::to_string(i);
    if (catalogue.has_room_for(made_up)) catalogue.source(made_up);
  }
  EXPECT_EQ(catalogue.all().size(), Catalogue::most_series);
  EXPECT_FALSE(catalogue.has_room_for(made_up));
  known.id.boot = "boot2";
  EXPECT_TRUE(catalogue.has_room_for(known));
}

TEST_F(HarmTest, Of_too_many_boots_the_oldest_go) {
  open();
  std::vector<summary::Summary> boots;
  for (std::size_t i = 0; i < Catalogue::most_boots + 10; ++i) {
    boots.push_back(summary_of("ns1", 1, static_cast<double>(i) / 100, counts_of({{"a", 1}})));
    boots.back().id.boot = std::to_string(i);
  }
  boots.insert(boots.begin(), summary_of("ns2", 1, 0, counts_of({{"a", 1}})));
  commit(*store_, boots, at(60));
  commit(*store_, {summary_of("ns2", 2, 1, counts_of({{"a", 1}}))}, at(79));
  flush_due(81);  // the panes of ns1 are written, that of ns2 is open still, and with it the first entry of the journal
  ASSERT_EQ(store_->counters().open_panes, 1u);
  open(at(82));  // as after a crash
  flush_all(82);
  EXPECT_EQ(history("server:ns1", 3600, at(0), at(60)).at(0), (Numbers{{"a", Catalogue::most_boots + 10}}));
  EXPECT_EQ(number("SELECT count(*) FROM source"), 1 + static_cast<std::int64_t>(Catalogue::most_boots));
  EXPECT_EQ(number("SELECT count(*) FROM source WHERE boot = '9'"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM source WHERE boot = '10'"), 1);
  open(at(83));
  EXPECT_EQ(commit(*store_, {boots.back()}, at(83)).front(), Verdict::repeated);
}

TEST_F(HarmTest, Runs_that_ended_long_ago_are_forgotten_when_their_monitor_has_started_again) {
  open();
  const auto first = summary_of("ns1", 1, 0, counts_of({{"a", 1}})), silent = summary_of("ns2", 1, 0, first.data);
  auto second = summary_of("ns1", 1, 20 * a_day, counts_of({{"a", 1}}));
  second.id.boot = "boot2";
  commit(*store_, {first, silent, second}, at(20 * a_day + 1));
  flush_all(20 * a_day + 1);
  EXPECT_EQ(number("SELECT count(*) FROM source"), 3);
  second.id.sequence = 2;
  second.window.start = at(31 * a_day);
  commit(*store_, {second}, at(31 * a_day + 1));
  flush_all(31 * a_day + 1);
  EXPECT_EQ(number("SELECT count(*) FROM source WHERE boot = 'boot1'"), 1) << "that of ns2, which may go on";
  EXPECT_EQ(number("SELECT count(*) FROM source WHERE boot = 'boot2'"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM ledger"), 3 - 1);
}

TEST_F(HarmTest, Names_that_nothing_is_kept_of_are_forgotten) {
  config_.levels = {{10, 3600}, {3600, 7200}};
  open();
  auto gone = summary_of("gone", 1, 0, counts_of({{"a", 1}}));
  gone.type = "of_old";
  commit(*store_, {gone, summary_of("ns1", 1, 0, counts_of({{"a", 1}}))}, at(1));
  flush_all(1);
  EXPECT_EQ(number("SELECT count(*) FROM series"), 4) << "two servers, and all by two reducers";
  for (std::uint64_t i = 2; i < 4; ++i) {
    const double start = static_cast<double>(i - 1) * a_day;
    EXPECT_EQ(commit(*store_, {summary_of("ns1", i, start, counts_of({{"a", 1}}))}, at(start + 1)).front(),
              Verdict::fresh);
    flush_all(start + 1);
    EXPECT_EQ(number("SELECT count(*) FROM series"), 2);
    EXPECT_EQ(history("total", 3600, at(start), at(start + 1)).size(), 1u);
  }
}

TEST_F(HarmTest, A_group_that_is_not_configured_any_more_keeps_its_panes) {
  config_.groups = {{"chile", {"ns1"}}};
  open();
  commit(*store_, {summary_of("ns1", 1, 1, counts_of({{"a", 1}}))}, at(2));
  flush_all(2);
  commit(*store_, {summary_of("ns1", 2, 2, counts_of({{"a", 1}}))}, at(3));
  flush(30);  // written, and the panes of the group are to be made anew
  store_->set_groups({});
  config_.groups = {};
  const auto expect_kept = [&] {
    for (const std::uint32_t level : {10u, 60u, 3600u})
      EXPECT_EQ(history("group:chile", level, at(0), at(60)).at(0), (Numbers{{"a", 1}})) << level;
  };
  ASSERT_GT(store_->counters().dirty_panes, 0u);
  expect_kept();
  flush_all(31);
  EXPECT_EQ(store_->counters().dirty_panes, 0u);
  expect_kept();
}

}  // namespace
}  // namespace rata::store
