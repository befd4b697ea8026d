// What becomes of a batch, and that it is counted once.

#include <zstd.h>

#include <fstream>
#include <functional>
#include <limits>

#include "sample.h"
#include "store/database.h"
#include "store/packing.h"

namespace rata::store {
namespace {

using enum Verdict;
using Verdicts = std::vector<Verdict>;

TEST_F(StoreTest, A_contribution_counts_once_however_often_it_is_sent) {
  open();
  const auto one = summary_of("ns1", 1, 100, counts_of({{"a", 1}}));
  const auto two = summary_of("ns1", 2, 101, counts_of({{"a", 2}}));
  EXPECT_EQ(commit(*store_, {one, one, two}, at(102)), (Verdicts{fresh, repeated, fresh}));
  EXPECT_EQ(commit(*store_, {two}, at(103)), (Verdicts{repeated}));
  open(at(104));
  EXPECT_EQ(commit(*store_, {one, two}, at(104)), (Verdicts{repeated, repeated})) << "the journal knows it";
  flush_all(105);
  EXPECT_EQ(store_->counters().journal_entries, 0u);
  open(at(106));
  EXPECT_EQ(commit(*store_, {one, two}, at(106)), (Verdicts{repeated, repeated})) << "the ledger knows it";
  flush_all(107);
  for (const std::uint32_t level : {10u, 60u, 3600u})
    EXPECT_EQ(history("server:ns1", level, at(0), at(3600)).begin()->second, (Numbers{{"a", 3}})) << level;
}

/// A batch whose lines a sender packed together.
class PackedTest : public StoreTest {
 protected:
  void add(const summary::Summary& one) {
    texts_.push_back(to_json(one));
    summaries_.push_back(one);
  }
  std::string lines() const {
    std::string lines;
    for (const std::string& text : texts_) lines += text + '\n';
    return lines;
  }
  void send(std::string_view frame, double now) {
    std::vector<Received> batch;
    for (std::size_t i = 0; i < texts_.size(); ++i) batch.push_back({texts_[i], shared(summaries_[i])});
    const Packed together{0, batch.size(), frame};
    ASSERT_TRUE(store_->commit(batch, at(now), {&together, 1}));
  }
  /// As it lies in the file while the store is open.
  std::vector<std::string> journal() const {
    std::vector<std::string> frames;
    const auto database = Database::open(config_.path, Database::Access::read_only);
    (*database)->each("SELECT lines FROM journal ORDER BY number",
                      [&](const Row& row) { frames.emplace_back(row.blob(0)); });
    return frames;
  }

  std::vector<std::string> texts_;
  std::vector<summary::Summary> summaries_;
};

TEST_F(PackedTest, What_comes_packed_is_journaled_so) {
  open();
  for (std::uint64_t i = 1; i <= 3; ++i) add(summary_of("ns1", i, 100 + static_cast<double>(i), counts_of({{"a", 1}})));
  const std::string frame = packed(lines(), Effort::more);
  send(frame, 104);
  EXPECT_EQ(journal(), (std::vector{frame}));
  open(at(105));
  EXPECT_EQ(store_->counters().replayed, 3u);
  EXPECT_EQ(commit(*store_, summaries_, at(105)), Verdicts(3, repeated));
  flush_all(130);
  EXPECT_EQ(history("total", 10, at(0), at(200)).at(100), (Numbers{{"a", 3}}));
  EXPECT_EQ(store_->counters().journal_entries, 0u);
}

TEST_F(PackedTest, What_is_not_all_taken_is_packed_anew) {
  open();
  add(summary_of("ns1", 1, 101, counts_of({{"a", 1}})));
  commit(*store_, summaries_, at(102));
  add(summary_of("ns1", 2, 102, counts_of({{"a", 1}})));
  send(packed(lines(), Effort::more), 103);
  EXPECT_EQ(journal().size(), 2u);
  EXPECT_EQ(*unpacked(journal().back()), texts_.back() + '\n');
  open(at(105));
  flush_all(130);
  EXPECT_EQ(history("total", 10, at(0), at(200)).at(100), (Numbers{{"a", 2}}));
}

TEST_F(PackedTest, An_entry_that_came_before_others_of_its_commit_keeps_its_source_known) {
  open();
  // A frame, and a line beside it, which is written first.
  add(summary_of("A", 1, 101, counts_of({{"a", 1}})));
  add(summary_of("B", 1, 101, counts_of({{"b", 1}})));
  const std::string frame = packed(lines(), Effort::more);
  add(summary_of("A", 2, 102, counts_of({{"a", 1}})));
  std::vector<Received> batch;
  for (std::size_t i = 0; i < texts_.size(); ++i) batch.push_back({texts_[i], shared(summaries_[i])});
  const Packed first_two{0, 2, frame};
  ASSERT_TRUE(store_->commit(batch, at(103), {&first_two, 1}));
  ASSERT_EQ(journal().size(), 2u);
  // What is of A is written; the frame stays, since something always comes to the pane of B.
  commit(*store_, {summary_of("B", 2, 102, counts_of({{"b", 1}}))}, at(115));
  flush(124);
  std::vector<summary::Summary> others;
  for (int boot = 0; boot < 4200; ++boot) {
    others.push_back(summary_of("A", 1, 110, counts_of({{"x", 1}})));
    others.back().id.boot = "later" + std::to_string(boot);
  }
  commit(*store_, others, at(125));  // so many that the first is forgotten when it may be
  for (const double now : {125.0, 140.0}) {
    commit(*store_, {summary_of("B", static_cast<std::uint64_t>(now), 103, counts_of({{"b", 1}}))}, at(now));
    flush(now + 8);
  }
  open(at(150));
  flush_all(2000);
  EXPECT_EQ(history("server:A", 10, at(0), at(200)).at(100), (Numbers{{"a", 2}})) << "each once";
}

TEST_F(PackedTest, A_frame_that_the_journal_could_not_read_safely_is_packed_anew) {
  add(summary_of("ns1", 1, 101, counts_of({{"a", 1}})));
  std::string unchecked(1000, '\0');
  unchecked.resize(ZSTD_compress(unchecked.data(), unchecked.size(), lines().data(), lines().size(), 3));
  const std::string good = packed(lines(), Effort::more);
  for (const std::string& frame :
       {std::string(), std::string("no frame"), unchecked, good + good, good.substr(0, good.size() - 1),
        packed(lines() + '\n', Effort::more), packed(texts_.front(), Effort::more),
        std::string("\x50\x2a\x4d\x18\x01\x00\x00\x00x", 9)}) {
    config_.path += "x";
    open();
    send(frame, 103);
    ASSERT_EQ(journal().size(), 1u);
    EXPECT_NE(journal().front(), frame);
    EXPECT_EQ(*unpacked(journal().front()), lines());
  }
}

TEST_F(StoreTest, Other_boots_monitors_servers_and_reducers_count_on_their_own) {
  open();
  auto boot = summary_of("ns1", 1, 100, counts_of({{"a", 1}})), monitor = boot, server = boot, reducer = boot,
       first = boot;
  boot.id.boot = "boot2";
  monitor.monitor = "m2";
  server.server = "ns2";
  reducer.type = "other";
  EXPECT_EQ(commit(*store_, {first, boot, monitor, server, reducer}, at(101)), Verdicts(5, fresh));
  flush_all(130);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(200)).at(100), (Numbers{{"a", 3}}));
  EXPECT_EQ(history("total", 10, at(0), at(200)).at(100), (Numbers{{"a", 4}}));
}

TEST_F(StoreTest, What_has_no_boot_counts_every_time_and_once_after_a_crash) {
  open();
  auto older = summary_of("ns1", 0, 100, counts_of({{"a", 1}}));
  auto later = summary_of("ns1", 0, 150, counts_of({{"a", 1}}));
  older.id = later.id = {};
  // Of one entry of the journal, one pane is written and the other not.
  EXPECT_EQ(commit(*store_, {older, older, later}, at(101)), Verdicts(3, fresh));
  for (int i = 0; i < 3; ++i) {
    flush(102 + i);
    open(at(103 + i));
  }
  flush_all(200);
  open(at(201));
  flush_all(230);
  EXPECT_EQ(history("server:ns1", 60, at(0), at(300)),
            (std::map<std::int64_t, Numbers>{{60, {{"a", 2}}}, {120, {{"a", 1}}}}));
}

TEST_F(StoreTest, A_revision_that_comes_later_is_counted_as_such) {
  open();
  auto one = summary_of("ns1", 1, 100, counts_of({{"a", 1}}));
  commit(*store_, {one}, at(101));
  one.id.revision = 1;
  EXPECT_EQ(commit(*store_, {one}, at(101)), (Verdicts{repeated}));
  EXPECT_EQ(store_->counters().revised_late, 1u);
}

TEST_F(StoreTest, What_cannot_be_is_refused_with_the_member_named) {
  open();
  const auto good = summary_of("ns1", 1, 100, counts_of({{"a", 1}}));
  const struct {
    const char* named;
    std::function<void(summary::Summary&)> damage;
  } cases[] = {
      {"type", [](auto& one) { one.type.clear(); }},
      {"serverId", [](auto& one) { one.server = std::string(256, 'x'); }},
      {"serverId: is empty", [](auto& one) { one.server.clear(); }},
      {"control character", [](auto& one) { one.server = "ns1\n"; }},
      {"control character", [](auto& one) { one.monitor = std::string(1, '\0'); }},
      {"id.sequence", [](auto& one) { one.id.sequence = ~std::uint64_t{0}; }},
      {"window.start", [](auto& one) { one.window.start = {-1}; }},
      {"window.start", [](auto& one) { one.window.start = at(4000); }},
      {"window.start", [](auto& one) { one.window.start = {std::numeric_limits<std::int64_t>::max()}; }},
      {"set the monitor's clock", [](auto& one) { one.window.seconds = 3700; }},
      {"window.seconds", [](auto& one) { one.window.seconds = -1; }},
      {"window.seconds", [](auto& one) { one.window.seconds = 1e12; }},
      {"counts", [](auto& one) { one.window.packets = std::uint64_t{1} << 54; }},
      {"counts",
       [](auto& one) { one.data = counts_of({{"a", std::uint64_t{1} << 63}, {"b", std::uint64_t{1} << 63}}); }},
  };
  for (const auto& one : cases) {
    summary::Summary bad = good;
    one.damage(bad);
    const std::string line = "{}";
    const Received batch[] = {{line, shared(bad)}, {line, shared(good)}};
    const auto answers = store_->commit(std::span(batch).first(1), at(101));
    ASSERT_TRUE(answers);
    EXPECT_EQ(answers->front().verdict, refused);
    EXPECT_TRUE(answers->front().why.find(one.named) != std::string::npos) << answers->front().why;
  }
  EXPECT_EQ(store_->counters().refused, std::size(cases));
}

TEST_F(StoreTest, What_is_older_than_everything_kept_is_told_so) {
  config_.levels = {{10, 60}, {60, 120}};
  open();
  EXPECT_EQ(commit(*store_, {summary_of("ns1", 9, 1000, counts_of({{"a", 1}}))}, at(1001)), (Verdicts{fresh}));
  flush_all(1030);
  EXPECT_EQ(commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}}))}, at(1031)), (Verdicts{too_old}));
  EXPECT_EQ(store_->counters().too_old, 1u);
}

TEST_F(StoreTest, Others_may_not_read_the_file_nor_what_lies_beside_it) {
  open();
  commit(*store_, {summary_of("ns1", 1, 100, counts_of({{"a", 1}}))}, at(101));
  int seen = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    EXPECT_EQ(file.status().permissions() & std::filesystem::perms::others_all, std::filesystem::perms::none)
        << file.path();
    ++seen;
  }
  EXPECT_EQ(seen, 4) << "the database, its log, its index and the lock";
}

TEST_F(StoreTest, A_second_process_is_refused) {
  open();
  const auto other = Store::open(config_, at(0));
  ASSERT_FALSE(other);
  EXPECT_TRUE(other.error().message.find("another process") != std::string::npos) << other.error().message;
}

void expect_refused(const Config& config, const std::string& named) {
  const auto opened = Store::open(config, at(0));
  ASSERT_FALSE(opened) << named;
  EXPECT_TRUE(opened.error().message.find(named) != std::string::npos) << opened.error().message;
}

TEST_F(StoreTest, A_file_that_is_no_database_is_refused_and_stays) {
  const std::string content(8192, 'x');
  std::ofstream(config_.path) << content;
  expect_refused(config_, "move it");
  EXPECT_EQ(std::filesystem::file_size(config_.path), content.size());
}

TEST_F(StoreTest, A_damaged_database_is_refused) {
  open();
  std::vector<summary::Summary> many;
  for (std::uint64_t i = 0; i < 500; ++i)
    many.push_back(summary_of("ns" + std::to_string(i), i, 100, counts_of({{"a", i}})));
  commit(*store_, many, at(101));
  flush_all(102);
  store_.reset();
  std::fstream file(config_.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  const std::string noise(4096 * 4, '\x7f');
  file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  file.close();
  expect_refused(config_, "damaged");
}

TEST_F(StoreTest, A_folder_that_is_not_there_is_named) {
  config_.path = folder_ / "nowhere" / "history.db";
  expect_refused(config_, "nowhere");
}

TEST_F(StoreTest, Levels_that_do_not_fit_are_refused) {
  const std::pair<const char*, std::vector<Level>> cases[] = {
      {"no levels", {}},
      {"multiple", {{10, 1000}, {25, 2000}}},
      {"longer", {{60, 1000}, {10, 2000}}},
      {"at least", {{10, 2000}, {60, 1000}}},
      {"at least", {{10, 20}, {60, 1000}}},
      {"2 to", {{1, 20}}},
  };
  for (const auto& [named, levels] : cases) {
    config_.levels = levels;
    expect_refused(config_, named);
  }
}

TEST_F(StoreTest, A_file_of_other_levels_is_refused_but_how_long_they_are_kept_may_change) {
  open();
  store_.reset();
  config_.levels[0].keep_seconds *= 2;
  open();
  store_.reset();
  config_.levels[0].seconds = 20;
  expect_refused(config_, "10, 60, 3600 s");
}

}  // namespace
}  // namespace rata::store
