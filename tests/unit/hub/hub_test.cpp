#include "hub/hub.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "hub/trial.h"
#include "store/database.h"
#include "store/store.h"
#include "summary/summary.h"

namespace rata::hub {
namespace {

using Clock = std::chrono::steady_clock;

struct HubTest : testing::Test {
  HubTest() {
    std::filesystem::create_directories(folder);
    config.store.path = folder / "history.db";
    config.serve.port = 0;
  }
  ~HubTest() override { std::filesystem::remove_all(folder); }

  /// So many servers of each of which there is one window: for a view of a week each is looked for many times.
  void fill_history(std::uint64_t servers) const {
    const util::Time now = util::Clock::system().now();
    auto store = store::Store::open(config.store, now);
    ASSERT_TRUE(store) << store.error().message;
    std::vector<summary::Summary> summaries(servers);
    std::vector<std::string> lines;
    std::vector<store::Received> batch;
    for (std::uint64_t i = 0; i < servers; ++i) {
      summaries[i].type = "QueriesPerSecond";
      summaries[i].server = summaries[i].monitor = "ns" + std::to_string(i);
      summaries[i].data = summary::Rates(summary::Rate{"qps", 1, 1});
      summaries[i].window = {.start = {now.ns - 10 * util::ns_per_second}, .seconds = 1};
      summaries[i].id = {"boot", 1, 0};
      lines.push_back(to_json(summaries[i]));
    }
    for (std::uint64_t i = 0; i < servers; ++i)
      batch.push_back({lines[i], std::make_shared<summary::Summary>(summaries[i])});
    ASSERT_TRUE((*store)->commit(batch, now));
    ASSERT_TRUE((*store)->flush_all(now));
  }

  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("ratadns-hub-test-" + std::to_string(::getpid()));
  Config config = default_config();
};

TEST_F(HubTest, AnEndDoesNotWaitForViewsThatAReloadFills) {
  fill_history(800);
  config.aggregate.spans = {1, 7 * 24 * 60};
  auto hub = Hub::start(config, [](const std::string&) {});
  ASSERT_TRUE(hub) << hub.error().message;
  Config next = config;
  next.aggregate.groups = {{"chile", {"ns1"}}};
  const auto begin = Clock::now();
  const auto applied = (*hub)->reload(next, [&] { return Clock::now() - begin > std::chrono::milliseconds(100); });
  (*hub)->stop();
  ASSERT_FALSE(applied) << "the views were filled before anybody could ask for the end";
  EXPECT_NE(applied.error().message.find("ends"), std::string::npos) << applied.error().message;
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(HubTest, AHistoryOfAnOlderVersionIsNoFaultBeforeTheStart) {
  fill_history(1);
  EXPECT_TRUE(try_history(config.store)->starts_with("can be opened"));
  auto database = store::Database::open(config.store.path, store::Database::Access::write);
  ASSERT_TRUE(database);
  (*database)->script("ALTER TABLE series DROP COLUMN coarse; PRAGMA user_version = 2");
  ASSERT_TRUE((*database)->outcome());
  const auto tried = try_history(config.store);
  ASSERT_TRUE(tried) << tried.error().message;
  EXPECT_TRUE(tried->starts_with("is of an older version")) << *tried;
}

}  // namespace
}  // namespace rata::hub
