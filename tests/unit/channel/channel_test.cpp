#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "channel/sender.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;

summary::Summary summary_of(const std::string& type) {
  summary::Summary summary;
  summary.type = type;
  summary.data = summary::Rate{.name = "qps", .count = 1, .seconds = 1};
  return summary;
}

/// Does what the test tells it: fails as often as asked, then keeps what it gets.
class TestChannel final : public Channel {
 public:
  struct Script {
    std::atomic<int> failures = 0;
    std::atomic<bool> gone = false;
    std::vector<std::string> got;  // read after the sender has closed
  };
  explicit TestChannel(Script& script) : script_(script) {}

  Attempt send(std::span<const summary::Summary> batch) override {
    if (script_.gone) return {Attempt::State::gone, "the reader has left"};
    if (script_.failures > 0) {
      --script_.failures;
      return {Attempt::State::try_again, "the disk is full"};
    }
    for (const auto& summary : batch) script_.got.push_back(summary.type);
    return {};
  }

 private:
  Script& script_;
};

struct Reports {
  std::mutex mutex;
  std::vector<std::string> texts;
  Sender::Report sink() {
    return [this](const std::string& text) {
      const std::scoped_lock lock(mutex);
      texts.push_back(text);
    };
  }
};

SenderConfig quick() { return {.first_retry = 1ms, .longest_retry = 2ms, .drain = 50ms}; }

TEST(Sender, Delivers_in_order_and_counts) {
  TestChannel::Script script;
  Reports reports;
  Sender sender("test", std::make_unique<TestChannel>(script), quick(), reports.sink());
  for (int i = 0; i < 5000; ++i) sender.send(summary_of(std::to_string(i)));
  sender.close();
  ASSERT_EQ(script.got.size(), 5000u);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(script.got[static_cast<std::size_t>(i)], std::to_string(i));
  const auto counters = sender.counters();
  EXPECT_EQ(counters.pushed, 5000u);
  EXPECT_EQ(counters.sent, 5000u);
  EXPECT_EQ(counters.dropped, 0u);
  EXPECT_EQ(counters.waiting, 0u);
  EXPECT_TRUE(reports.texts.empty());
}

TEST(Sender, A_channel_in_trouble_is_tried_again_and_reported_once) {
  TestChannel::Script script;
  script.failures = 5;
  Reports reports;
  Sender sender("hub", std::make_unique<TestChannel>(script), quick(), reports.sink());
  sender.send(summary_of("one"));
  while (script.failures > 0) std::this_thread::yield();
  sender.close();
  EXPECT_EQ(script.got, std::vector<std::string>{"one"});
  EXPECT_EQ(sender.counters().failed_attempts, 5u);
  EXPECT_EQ(reports.texts,
            (std::vector<std::string>{"channel hub: the disk is full; trying again", "channel hub: works again"}));
}

TEST(Sender, What_cannot_be_sent_by_the_deadline_is_dropped_and_counted) {
  TestChannel::Script script;
  script.failures = 1'000'000;
  Reports reports;
  Sender sender("hub", std::make_unique<TestChannel>(script), quick(), reports.sink());
  for (int i = 0; i < 10; ++i) sender.send(summary_of("x"));
  sender.close();
  const auto counters = sender.counters();
  EXPECT_EQ(counters.pushed, 10u);
  EXPECT_EQ(counters.sent, 0u);
  EXPECT_EQ(counters.dropped, 10u);
}

/// Sends a part of each batch, then fails, as often as asked; says something about the last attempt.
class PartlyChannel final : public Channel {
 public:
  struct Script {
    int failures = 0;
    std::string note;
    std::vector<std::string> got;
    std::vector<std::size_t> sizes;  // of the batches
  };
  explicit PartlyChannel(Script& script) : script_(script) {}

  Attempt send(std::span<const summary::Summary> batch) override {
    script_.sizes.push_back(batch.size());
    Attempt attempt{Attempt::State::sent, script_.note, {}};
    const bool fails = script_.failures > 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      // Not only the first ones: those behind an error reply went out, too.
      const bool out = !fails || i % 3 != 0;
      attempt.out.push_back(out);
      if (out) script_.got.push_back(batch[i].type);
    }
    if (fails) attempt.state = Attempt::State::try_again;
    script_.failures -= fails;
    return attempt;
  }
  BestEffort best_effort() const override { return {.unheard = 7, .perhaps_twice = 5}; }

 private:
  Script& script_;
};

TEST(Sender, What_went_out_of_a_batch_that_failed_is_not_sent_again) {
  PartlyChannel::Script script;
  script.failures = 3;
  Reports reports;
  SenderConfig config = quick();
  config.drain = 5s;
  Sender sender("hub", std::make_unique<PartlyChannel>(script), config, reports.sink());
  for (int i = 0; i < 200; ++i) sender.send(summary_of(std::to_string(i)));
  sender.close();
  EXPECT_EQ(script.got.size(), 200u);
  EXPECT_EQ(std::set(script.got.begin(), script.got.end()).size(), 200u);
  const auto counters = sender.counters();
  EXPECT_EQ(counters.sent, 200u);
  EXPECT_EQ(counters.dropped, 0u);
  EXPECT_EQ(counters.failed_attempts, 3u);
  EXPECT_EQ(counters.best_effort.unheard, 7u);
  EXPECT_EQ(counters.best_effort.perhaps_twice, 5u);
}

TEST(Sender, What_went_out_before_the_deadline_is_not_counted_as_dropped) {
  PartlyChannel::Script script;
  script.failures = 1'000'000;
  Reports reports;
  SenderConfig config = quick();
  config.drain = 0ms;
  Sender sender("hub", std::make_unique<PartlyChannel>(script), config, reports.sink());
  for (int i = 0; i < 30; ++i) sender.send(summary_of(std::to_string(i)));
  sender.close();
  const auto counters = sender.counters();
  EXPECT_EQ(counters.sent, script.got.size());
  EXPECT_EQ(counters.sent + counters.dropped, 30u);
  EXPECT_GT(counters.sent, 0u);
  EXPECT_GT(counters.dropped, 0u);
}

TEST(Sender, A_trouble_that_lost_nothing_is_said_once) {
  PartlyChannel::Script script;
  script.note = "an old file cannot be removed";
  Reports reports;
  SenderConfig config = quick();
  config.batch_summaries = 1;
  Sender sender("log", std::make_unique<PartlyChannel>(script), config, reports.sink());
  for (int i = 0; i < 5; ++i) sender.send(summary_of("x"));
  sender.close();
  EXPECT_EQ(reports.texts, std::vector<std::string>{"channel log: an old file cannot be removed"});
}

TEST(Sender, A_reader_that_has_left_is_reported_and_ends_the_sending) {
  TestChannel::Script script;
  script.gone = true;
  Reports reports;
  Sender sender("out", std::make_unique<TestChannel>(script), quick(), reports.sink());
  sender.send(summary_of("x"));
  while (!sender.gone()) std::this_thread::yield();
  sender.send(summary_of("y"));
  sender.close();
  EXPECT_EQ(sender.counters().dropped, 2u);
  EXPECT_EQ(reports.texts.size(), 1u);
}

TEST(Sender, One_who_waits_for_room_comes_back_when_the_end_is_near) {
  TestChannel::Script script;
  script.failures = 1'000'000;
  Reports reports;
  SenderConfig config = quick();
  config.queue_capacity_summaries = 2;
  Sender sender("hub", std::make_unique<TestChannel>(script), config, reports.sink());
  std::thread reader([&sender] {
    for (int i = 0; i < 100; ++i) sender.send(summary_of("x"));
  });
  while (sender.counters().failed_attempts == 0) std::this_thread::yield();
  sender.hurry();
  reader.join();
  sender.close();
  EXPECT_EQ(sender.counters().dropped, 100u);
}

TEST(Sender, A_full_queue_of_a_live_source_drops_what_is_new_and_counts_it) {
  TestChannel::Script script;
  script.failures = 1'000'000;
  Reports reports;
  SenderConfig config = quick();
  config.queue_capacity_summaries = 4;
  config.batch_summaries = 1;
  config.when_full = util::WhenFull::drop_newest;
  Sender sender("hub", std::make_unique<TestChannel>(script), config, reports.sink());
  for (int i = 0; i < 100; ++i) sender.send(summary_of(std::to_string(i)));
  EXPECT_GE(sender.counters().dropped, 90u);
  script.failures = 0;
  sender.close();
  const auto counters = sender.counters();
  EXPECT_EQ(counters.sent + counters.dropped, 100u);
  EXPECT_EQ(script.got.front(), "0");
}

TEST(Channel, A_file_gets_one_line_a_summary_and_keeps_what_it_has) {
  const auto path = std::filesystem::temp_directory_path() / ("ratadns-channel-test-" + std::to_string(getpid()));
  for (int round = 0; round < 2; ++round) {
    auto channel = open_channel({.url = "file://" + path.string()});
    ASSERT_TRUE(channel);
    const summary::Summary batch[] = {summary_of("a"), summary_of("b")};
    EXPECT_EQ((*channel)->send(batch).state, Attempt::State::sent);
  }
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  std::filesystem::remove(path);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], summary::to_json(summary_of("a")));
  EXPECT_EQ(lines[3], summary::to_json(summary_of("b")));
}

TEST(Channel, A_full_disk_leaves_no_half_line) {
  // /dev/full takes nothing: nothing went out, so the batch can be sent again.
  auto channel = open_channel({.url = "file:///dev/full"});
  ASSERT_TRUE(channel);
  const summary::Summary batch[] = {summary_of("a")};
  const Attempt attempt = (*channel)->send(batch);
  EXPECT_EQ(attempt.state, Attempt::State::try_again);
  EXPECT_NE(attempt.why.find("/dev/full: No space left on device"), std::string::npos) << attempt.why;
}

TEST(Channel, A_url_that_names_nothing_is_refused_with_what_there_is) {
  const struct {
    const char* url;
    const char* says;
  } cases[] = {
      {"amqp://127.0.0.1", "no such kind of channel; there are: stdout:, file:///PATH, redis://"},
      {"file://relative", "the path has to be absolute"},
      {"file:///nonexistent/x", "cannot open /nonexistent/x for writing: No such file or directory"},
      {"memory:", "only `ratadns run` has"},
  };
  for (const auto& test : cases) {
    const auto channel = open_channel({.url = test.url});
    ASSERT_FALSE(channel) << test.url;
    EXPECT_NE(channel.error().message.find(test.says), std::string::npos) << channel.error().message;
  }
}

}  // namespace
}  // namespace rata::channel
