#include "hub/keeper.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "store/database.h"
#include "store/packing.h"
#include "summary/reading.h"
#include "summary/summary.h"

namespace rata::hub {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t day_one = 1'700'000'100;

class KeeperTest : public ::testing::Test {
 protected:
  KeeperTest() {
    std::filesystem::create_directories(folder_);
    begin();
  }
  ~KeeperTest() override {
    keeper_.reset();
    std::filesystem::remove_all(folder_);
  }

  static std::unique_ptr<aggregate::Aggregator> empty_aggregator() {
    aggregate::Config config;
    config.processors.resize(1);
    config.processors[0].type = "rates";
    auto aggregator = aggregate::Aggregator::make(config);
    EXPECT_TRUE(aggregator);
    return std::move(*aggregator);
  }

  void begin(store::Replay replay = store::Replay::all) {
    keeper_.reset();
    aggregator_.with([&](auto& held) { held = empty_aggregator(); });
    store::Config store;
    store.path = folder_ / "history.db";
    auto opened = store::Store::open(store, now(), replay);
    ASSERT_TRUE(opened) << opened.error().message;
    keeper_ = std::make_unique<Keeper>(std::move(*opened), aggregator_, 10, 5,
                                       [this](const std::string& text) { reports_.push_back(text); });
  }

  static util::Time now() { return util::from_seconds(day_one + 100); }

  static std::string line(std::uint64_t sequence, std::uint64_t queries) { return line(sequence, queries, sequence); }
  static std::string line(std::uint64_t sequence, std::uint64_t queries, std::uint64_t second) {
    summary::Summary summary{.type = "QueriesPerSecond", .server = "ns1", .monitor = "ns1"};
    summary.data = summary::Rates(summary::Rate{"qps", queries, 1});
    summary.window = {.start = util::from_seconds(day_one + static_cast<std::int64_t>(second)), .seconds = 1};
    summary.id = {"boot", sequence, 0};
    return summary::to_json(summary) + "\n";
  }

  /// A bit at a time.
  void restore_all() {
    for (int turn = 0; turn < 100 && keeper_->is_restoring(); ++turn)
      ASSERT_TRUE(keeper_->restore_some(std::chrono::milliseconds(1), now()));
    ASSERT_FALSE(keeper_->is_restoring());
  }

  /// The answer to a batch of these lines.
  serve::Receipt post(std::string lines) {
    serve::Receipt receipt;
    Inbox::Taken taken;
    taken.deliveries.push_back({{.octets = std::move(lines), .zstd = false, .unpacked_octets = 1 << 20},
                                [&](serve::Receipt answer) { receipt = std::move(answer); }});
    keeper_->take(std::move(taken), now());
    return receipt;
  }

  /// The same of what zstd made of them.
  serve::Receipt post_packed(const std::string& octets) {
    serve::Receipt receipt;
    Inbox::Taken taken;
    taken.deliveries.push_back({{.octets = octets, .zstd = true, .unpacked_octets = 1 << 20},
                                [&](serve::Receipt answer) { receipt = std::move(answer); }});
    keeper_->take(std::move(taken), now());
    return receipt;
  }

  std::vector<std::string> journal() {
    std::vector<std::string> frames;
    const auto database = store::Database::open(folder_ / "history.db", store::Database::Access::read_only);
    (*database)->each("SELECT lines FROM journal ORDER BY number",
                      [&](const store::Row& row) { frames.emplace_back(row.blob(0)); });
    return frames;
  }

  std::uint64_t queries() {
    const auto text =
        aggregator_.with([](auto& held) { return held->json("rates", 15, aggregate::Scope::server("ns1")); });
    if (!text) return 0;
    std::uint64_t sum = 0;
    const auto view = nlohmann::json::parse(*text);
    for (const auto& value : view["series"]["servers"][0]["queries"])
      if (!value.is_null()) sum += value.get<std::uint64_t>();
    return sum;
  }

  /// As it would be if no other had ever been shown.
  std::uint64_t counted() {
    return aggregator_.with([&](auto& held) { return keeper_->view_counters(held->counters()).summaries; });
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("ratadns-keeper-" + std::to_string(::getpid()));
  serve::SharedAggregator aggregator_;
  std::unique_ptr<Keeper> keeper_;
  std::vector<std::string> reports_;
};

TEST_F(KeeperTest, AnswersForEachLine) {
  const serve::Receipt receipt = post(line(1, 5) + "nonsense\n" + line(2, 7) + line(1, 5));
  EXPECT_EQ(receipt.status, 200u);
  const auto answer = nlohmann::json::parse(receipt.json);
  EXPECT_EQ(answer["committed"], 2);
  EXPECT_EQ(answer["repeated"], 1);
  ASSERT_EQ(answer["refused"].size(), 1u);
  EXPECT_EQ(answer["refused"][0]["line"], 2);
  EXPECT_EQ(queries(), 12u);
}

TEST_F(KeeperTest, WhatComesAgainCountsOnceAlsoAfterANewStart) {
  post(line(1, 5));
  begin();
  ASSERT_TRUE(keeper_->restore(15, now()));
  EXPECT_TRUE(keeper_->restoring(now()));
  restore_all();
  EXPECT_FALSE(keeper_->restoring(now()));
  EXPECT_EQ(queries(), 5u);
  EXPECT_EQ(nlohmann::json::parse(post(line(1, 5) + line(2, 1)).json)["repeated"], 1);
  EXPECT_EQ(queries(), 6u);
  EXPECT_EQ(keeper_->roster().monitors().at(0).summaries, 1u);
}

TEST_F(KeeperTest, WhatComesWhileTheRestIsRestoredCountsOnce) {
  for (std::uint64_t i = 0; i < 60; ++i) post(line(i, 1));
  begin();
  ASSERT_TRUE(keeper_->restore(15, now()));
  for (std::uint64_t i = 60; i < 70; ++i) {
    post(line(i, 1) + line(i - 5, 1));
    ASSERT_TRUE(keeper_->restore_some(std::chrono::milliseconds(0), now()));
    keeper_->finish(now());  // what is open is written
  }
  restore_all();
  EXPECT_EQ(queries(), 70u);
}

TEST_F(KeeperTest, WhatTheTotalBringsByItselfCountsOnce) {
  const auto post_second = [&](std::uint64_t second) {
    std::string lines;
    for (const char* server : {"ns1", "ns2", "ns3"}) {
      summary::Summary summary{.type = "names", .server = server, .monitor = server};
      summary.data = summary::Counts{.by = {"qname"}, .rows = {{{"a."}, 1}}};
      summary.window = {.start = util::from_seconds(day_one + static_cast<std::int64_t>(second)), .seconds = 1};
      summary.id = {"boot", second, 0};
      lines += summary::to_json(summary) + "\n";
    }
    ASSERT_EQ(post(std::move(lines)).status, 200u);
  };
  const auto total = [&](const aggregate::Scope& scope) {
    const auto text = aggregator_.with([&](auto& held) { return held->json("names", 15, scope); });
    return text ? nlohmann::json::parse(*text)["total"].get<std::uint64_t>() : 0;
  };
  for (std::uint64_t i = 0; i < 70; ++i) post_second(i);
  ASSERT_TRUE(keeper_->history().flush_all(now()));  // derived, too
  for (std::uint64_t i = 70; i < 80; ++i) post_second(i);
  begin();
  ASSERT_TRUE(keeper_->restore(15, now()));
  for (std::uint64_t i = 80; i < 85; ++i) {
    post_second(i);
    ASSERT_TRUE(keeper_->restore_some(std::chrono::milliseconds(0), now()));
  }
  restore_all();
  EXPECT_EQ(total(aggregate::Scope::total()), 3u * 85);
  EXPECT_EQ(total(aggregate::Scope::server("ns2")), 85u);
  ASSERT_TRUE(keeper_->history().flush_all(now()));
  ASSERT_TRUE(keeper_->prepare(empty_aggregator(), 15, now()));
  post_second(85);
  restore_all();
  keeper_->show_prepared();
  EXPECT_EQ(total(aggregate::Scope::total()), 3u * 86);
  EXPECT_EQ(total(aggregate::Scope::server("ns2")), 86u);
}

TEST_F(KeeperTest, UntilTheJournalIsReadNothingIsTaken) {
  post(line(1, 5));
  begin(store::Replay::later);
  ASSERT_TRUE(keeper_->restore(15, now()));
  EXPECT_FALSE(keeper_->is_ready());
  EXPECT_EQ(post(line(1, 5)).status, 503u);
  restore_all();
  EXPECT_TRUE(keeper_->is_ready());
  EXPECT_EQ(nlohmann::json::parse(post(line(1, 5) + line(2, 1)).json)["repeated"], 1);
  EXPECT_EQ(queries(), 6u);
}

TEST_F(KeeperTest, AnotherAggregatorIsShownWhenItHasAllThatTheFirstHas) {
  post(line(1, 5));
  ASSERT_TRUE(keeper_->prepare(empty_aggregator(), 15, now()));
  EXPECT_FALSE(keeper_->is_prepared());
  post(line(2, 7));
  EXPECT_EQ(queries(), 12u) << "the first one goes on";
  restore_all();
  EXPECT_TRUE(keeper_->is_prepared());
  post(line(3, 1));
  keeper_->show_prepared();
  EXPECT_EQ(queries(), 13u);
  EXPECT_EQ(counted(), 3u);
  post(line(4, 1));
  EXPECT_EQ(queries(), 14u);
  EXPECT_EQ(counted(), 4u) << "what the new one was filled with does not count again";
}

TEST_F(KeeperTest, CountersGoOnOverSeveralAggregators) {
  for (std::uint64_t i = 0; i < 5; ++i) {
    for (std::uint64_t j = 0; j < 3; ++j) post(line(3 * i + j, 1, 5));  // which fill another as one
    ASSERT_TRUE(keeper_->prepare(empty_aggregator(), 15, now()));
    restore_all();
    keeper_->show_prepared();
    EXPECT_EQ(counted(), 3 * (i + 1));
  }
}

TEST_F(KeeperTest, WhatCannotBeReadIsMissedUntilItsTimeIsOver) {
  post(line(1, 5));
  keeper_->finish(now());  // it is in a pane
  begin();
  ASSERT_TRUE(keeper_->restore(15, now()));
  std::fstream file(folder_ / "history.db", std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(4096);
  for (auto octets = std::filesystem::file_size(folder_ / "history.db"); octets > 4096; --octets) file.put('\xff');
  file.close();
  EXPECT_FALSE(keeper_->restore_some(std::chrono::seconds(1), now()));
  restore_all();
  const auto lacks = keeper_->restoring(now());
  ASSERT_TRUE(lacks);
  EXPECT_TRUE(lacks->is_failed);
  EXPECT_EQ(lacks->full_since, now());
  EXPECT_TRUE(keeper_->restoring({now().ns + 899 * util::ns_per_second}));
  EXPECT_FALSE(keeper_->restoring({now().ns + 900 * util::ns_per_second}));
}

TEST_F(KeeperTest, AnEndBeforeTheJournalIsReadWritesNothing) {
  post(line(1, 5));
  begin(store::Replay::later);
  keeper_->finish(now());
  EXPECT_TRUE(reports_.empty());
  EXPECT_EQ(keeper_->history().counters().panes_written, 0u);
  begin();
  EXPECT_EQ(nlohmann::json::parse(post(line(1, 5)).json)["repeated"], 1);
}

TEST_F(KeeperTest, WhatIsNoZstdIsRefusedForGood) {
  serve::Receipt receipt;
  Inbox::Taken taken;
  taken.deliveries.push_back({{.octets = "no zstd", .zstd = true, .unpacked_octets = 1 << 20},
                              [&](serve::Receipt answer) { receipt = std::move(answer); }});
  keeper_->take(std::move(taken), now());
  EXPECT_EQ(receipt.status, 400u);
  EXPECT_EQ(nlohmann::json::parse(receipt.json)["final"], true);
  EXPECT_EQ(keeper_->counters().unreadable_batches, 1u);
}

TEST_F(KeeperTest, MessagesCountWithoutAnAnswer) {
  Inbox::Taken taken;
  taken.messages = {line(1, 5), "nonsense"};
  keeper_->take(std::move(taken), now());
  EXPECT_EQ(queries(), 5u);
  EXPECT_EQ(keeper_->counters().messages, 2u);
  EXPECT_EQ(keeper_->counters().unreadable_messages, 1u);
}

TEST_F(KeeperTest, WhatComesPackedIsKeptAsItCameAndOnlyThat) {
  const auto packed = [](const std::string& text) { return store::packed(text, store::Effort::more); };
  const std::string plain = packed(line(1, 5) + line(2, 7));
  EXPECT_EQ(post_packed(plain).status, 200u);
  EXPECT_EQ(journal(), (std::vector{plain}));
  std::string no_end = line(4, 1);
  no_end.pop_back();
  EXPECT_EQ(post_packed(packed("\n" + no_end)).status, 200u) << "as many octets as its line with an end";
  EXPECT_EQ(post_packed(packed(line(5, 1) + "nonsense\n")).status, 200u);
  EXPECT_EQ(post_packed(packed("")).status, 200u);
  EXPECT_EQ(post_packed(packed("\n")).status, 200u);
  EXPECT_EQ(journal().size(), 3u) << "what has nothing takes no room";
  EXPECT_EQ(queries(), 14u);
  begin(store::Replay::later);
  ASSERT_TRUE(keeper_->restore(15, now()));
  restore_all();
  EXPECT_EQ(queries(), 14u);
  EXPECT_EQ(keeper_->history().counters().replayed, 4u);
  EXPECT_EQ(keeper_->history().counters().unreadable, 0u);
}

TEST_F(KeeperTest, PanesAreDerivedAlsoWhenSomethingAlwaysComes) {
  constexpr std::uint64_t reducers = 300;
  std::string lines;
  for (std::uint64_t i = 0; i < reducers; ++i) {
    auto one = *summary::read_json(line(1, 1));
    one.type = "reducer" + std::to_string(i);
    lines += summary::to_json(one) + "\n";
  }
  ASSERT_EQ(post(lines).status, 200u);
  ASSERT_TRUE(keeper_->history().flush(util::from_seconds(day_one + 200)));
  ASSERT_GT(keeper_->history().counters().dirty_panes, reducers);
  const auto begun = std::chrono::steady_clock::now();
  while (keeper_->history().counters().dirty_panes > 0 && std::chrono::steady_clock::now() - begun < 15s) {
    keeper_->tidy(util::from_seconds(day_one + 9000), false);
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(keeper_->history().counters().dirty_panes, 0u);
}

TEST_F(KeeperTest, OnAFullDiskSendersAreToldToComeAgainAndNothingIsCounted) {
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_IGN);
  post(line(1, 5));
  const rlimit none{.rlim_cur = 1, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &none);
  const serve::Receipt put_off = post(line(2, 7));
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(put_off.status, 503u);
  EXPECT_TRUE(put_off.retry_after);
  EXPECT_FALSE(keeper_->trouble().empty());
  EXPECT_EQ(reports_.size(), 1u);
  EXPECT_EQ(queries(), 5u);
  EXPECT_EQ(post(line(2, 7)).status, 200u);
  EXPECT_TRUE(keeper_->trouble().empty());
  EXPECT_EQ(queries(), 12u);
  EXPECT_EQ(reports_.size(), 2u);
}

}  // namespace
}  // namespace rata::hub
