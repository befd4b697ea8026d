// What every kind of channel keeps behind a Sender, with and without a spool.

#include <gtest/gtest.h>

#include <algorithm>

#include "channel/sender.h"
#include "ways.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;

class ChannelContract : public testing::TestWithParam<std::tuple<WayType, bool>> {
 protected:
  ChannelContract() : way_(std::get<0>(GetParam()).make()), spooled_(std::get<1>(GetParam())) {}

  static SenderConfig config() { return {.first_retry = 1ms, .longest_retry = 4ms, .drain = 2s, .chance = 1}; }

  std::unique_ptr<Sender> sender(const SenderConfig& config) {
    std::unique_ptr<Spool> spool;
    if (spooled_) {
      auto opened = Spool::open({.path = folder_.spool(), .limit_mib = 8, .fsync = Fsync::never});
      EXPECT_TRUE(opened) << opened.error().message;
      spool = std::move(*opened);
    }
    return std::make_unique<Sender>("test", way_->open_channel(), config, said_.sink(), std::move(spool));
  }

  /// Also while it works.
  static void expect_balanced(const Sender& sender) {
    const auto now = sender.counters();
    EXPECT_EQ(now.pushed, now.sent + now.refused + now.waiting + now.dropped);
  }

  void expect_arrived(const std::vector<std::string>& lines) {
    if (!way_->arrived()) return;
    EXPECT_TRUE(eventually([&] { return way_->arrived()->size() >= lines.size(); }));
    expect_same(*way_->arrived(), lines);
  }

  /// In any order: after a failure what is fresh goes first.
  void expect_arrived_all(std::vector<std::string> lines) {
    if (!way_->arrived()) return;
    EXPECT_TRUE(eventually([&] { return way_->arrived()->size() >= lines.size(); }));
    auto arrived = *way_->arrived();
    std::ranges::sort(arrived);
    std::ranges::sort(lines);
    expect_same(arrived, lines);
  }

  /// Shows the first line only that differs.
  static void expect_same(const std::vector<std::string>& arrived, const std::vector<std::string>& lines) {
    EXPECT_EQ(arrived.size(), lines.size());
    const auto [other, line] = std::ranges::mismatch(arrived, lines);
    if (line != lines.end()) {
      EXPECT_EQ(other == arrived.end() ? "" : *other, *line) << "at " << line - lines.begin();
    }
  }

  TestFolder folder_;
  std::unique_ptr<Way> way_;
  const bool spooled_;
  Said said_;
};

TEST_P(ChannelContract, Delivers_every_summary_once_and_in_order_when_nothing_fails) {
  const auto sender = this->sender(config());
  for (std::uint64_t i = 0; i < 3000; ++i) {
    sender->send(numbered(i));
    if (i % 500 == 0) expect_balanced(*sender);
  }
  sender->close();
  expect_arrived(lines_of(0, 3000));
  const auto counters = sender->counters();
  EXPECT_EQ(counters.pushed, 3000u);
  EXPECT_EQ(counters.sent, 3000u);
  EXPECT_EQ(counters.spooled, spooled_ ? 3000u : 0u);
  EXPECT_EQ(counters.waiting + counters.dropped + counters.failed_attempts + counters.left_in_spool, 0u);
  EXPECT_TRUE(said_.texts.empty()) << said_.texts.front();
  EXPECT_TRUE(sender->health().works);
  EXPECT_TRUE(sender->health().last_success);
}

TEST_P(ChannelContract, Keeps_what_failed_and_delivers_it_when_the_way_is_open_again) {
  const auto sender = this->sender(config());
  sender->send(numbered(0));
  ASSERT_TRUE(eventually([&] { return sender->counters().sent == 1; }));
  way_->shut();
  for (std::uint64_t i = 1; i < 200; ++i) sender->send(numbered(i));
  ASSERT_TRUE(eventually([&] { return sender->counters().failed_attempts >= 3; }));
  EXPECT_FALSE(sender->health().works);
  EXPECT_TRUE(sender->health().failing_since);
  EXPECT_NE(sender->health().why, "");
  EXPECT_EQ(sender->counters().waiting, 199u);
  expect_balanced(*sender);
  way_->open();
  ASSERT_TRUE(eventually([&] { return sender->counters().sent == 200; }));
  sender->close();
  expect_arrived(lines_of(0, 200));
  EXPECT_EQ(said_.count("trying again"), 1u);
  EXPECT_EQ(said_.count("works again"), 1u);
  EXPECT_TRUE(sender->health().works);
  EXPECT_FALSE(sender->health().failing_since);
  expect_balanced(*sender);
}

TEST_P(ChannelContract, Never_lets_a_live_source_wait) {
  way_->shut();
  SenderConfig config = this->config();
  config.queue_capacity_summaries = 16;
  config.batch_summaries = 4;
  config.when_full = util::WhenFull::drop_newest;
  config.drain = 0ms;
  const auto sender = this->sender(config);
  for (std::uint64_t i = 0; i < 2000; ++i) sender->send(numbered(i));
  expect_balanced(*sender);
  ASSERT_TRUE(eventually([&] { return sender->counters().failed_attempts > 0; }));
  EXPECT_GE(sender->counters().dropped, spooled_ ? 0u : 2000u - 16 - 4);
  sender->close();
  expect_balanced(*sender);
  const auto counters = sender->counters();
  EXPECT_EQ(counters.pushed, 2000u);
  EXPECT_EQ(counters.sent, 0u);
  EXPECT_EQ(counters.left_in_spool, counters.spooled);
  way_->open();
}

TEST_P(ChannelContract, Close_comes_back_when_its_time_is_over) {
  way_->shut();
  SenderConfig config = this->config();
  config.longest_retry = 10s;
  config.first_retry = 10s;  // so that the wait is what `close` ends
  config.drain = 100ms;
  const auto sender = this->sender(config);
  sender->send(numbered(0));
  ASSERT_TRUE(eventually([&] { return sender->counters().failed_attempts > 0; }));
  const auto begun = std::chrono::steady_clock::now();
  sender->close();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 8s);
  const auto counters = sender->counters();
  EXPECT_EQ(counters.dropped, spooled_ ? 0u : 1u);
  EXPECT_EQ(counters.left_in_spool, spooled_ ? 1u : 0u);
  EXPECT_LE(counters.failed_attempts, 3u);
  expect_balanced(*sender);
  way_->open();
}

TEST_P(ChannelContract, With_a_spool_the_next_sender_delivers_what_this_one_could_not) {
  if (!spooled_) GTEST_SKIP() << "there is no spool";
  way_->shut();
  {
    const auto sender = this->sender(config());
    for (std::uint64_t i = 0; i < 5000; ++i) sender->send(numbered(i));
    sender->close();
    EXPECT_EQ(sender->counters().left_in_spool, 5000u);
    EXPECT_EQ(said_.count("5000 summaries stay in the spool"), 1u);
    expect_balanced(*sender);
  }
  way_->open();
  const auto sender = this->sender(config());
  for (std::uint64_t i = 5000; i < 5010; ++i) sender->send(numbered(i));
  ASSERT_TRUE(eventually([&] { return sender->counters().sent == 5010; }));
  sender->close();
  expect_arrived_all(lines_of(0, 5010));
  EXPECT_EQ(sender->counters().found, 5000u);
  EXPECT_EQ(sender->counters().left_in_spool, 0u);
  expect_balanced(*sender);
  EXPECT_EQ(sender->health().spool_waiting, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, ChannelContract, testing::Combine(testing::ValuesIn(way_types()), testing::Bool()),
                         [](const auto& tested) {
                           return std::string(std::get<0>(tested.param).name) +
                                  (std::get<1>(tested.param) ? "_spooled" : "");
                         });

}  // namespace
}  // namespace rata::channel
