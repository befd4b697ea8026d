#include "hub/subscriptions.h"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <thread>
#include <utility>

#include "unit/channel/redis_scripted.h"

namespace rata::hub {
namespace {

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

std::string message(const std::string& channel) { return "*3\r\n" + bulk("message") + bulk(channel) + bulk("{}"); }

bool is_soon(const std::function<bool()>& so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!so() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return so();
}

struct SubscriptionsTest : testing::Test {
  ~SubscriptionsTest() override { speak_again(); }

  channel::RedisSubscriberConfig config(const std::string& channel) const {
    return {.server = {.url = redis.url()}, .channels = {channel}};  // with a seed of its own, as each that is read
  }
  std::uint64_t messages() const { return subscriptions.states().at(0).messages; }
  void speak_again() {
    if (!std::exchange(spoke_again, true)) again.set_value();
  }
  /// Takes the subscription, publishes one message, and later one more.
  void talk(channel::ScriptedPeer& peer) const {
    peer.command();
    peer.say("+PONG\r\n");
    const auto command = peer.command();
    if (!command || command->size() != 2) return;
    peer.say("*3\r\n" + bulk("subscribe") + bulk(command->back()) + ":1\r\n" + message(command->back()));
    when_again.wait();
    peer.say(message(command->back()));
    while (peer.command()) peer.say("*2\r\n" + bulk("pong") + bulk(""));
  }

  std::promise<void> again;
  std::shared_future<void> when_again = again.get_future().share();
  bool spoke_again = false;
  channel::ScriptedRedis redis{{[this](channel::ScriptedPeer& peer) { talk(peer); }}};
  Inbox inbox;
  Subscriptions subscriptions{inbox, [](const std::string&) {}};
};

TEST_F(SubscriptionsTest, OneThatStaysTheSameHearsOn) {
  ASSERT_TRUE(subscriptions.follow({config("a")}));
  ASSERT_TRUE(is_soon([&] { return messages() == 1; }));
  ASSERT_TRUE(subscriptions.follow({config("a"), {.server = {.url = "redis://127.0.0.1:1"}, .channels = {"b"}}}));
  ASSERT_TRUE(subscriptions.follow({config("a")}));
  EXPECT_EQ(subscriptions.states().size(), 1u);
  speak_again();
  EXPECT_TRUE(is_soon([&] { return messages() >= 2; }));
  EXPECT_EQ(redis.connections(), 1u);
  EXPECT_EQ(messages(), 2u);
}

TEST_F(SubscriptionsTest, CountersGoOnWhenAnotherHearsTheSameRedis) {
  speak_again();
  ASSERT_TRUE(subscriptions.follow({config("a")}));
  ASSERT_TRUE(is_soon([&] { return messages() == 2; }));
  ASSERT_TRUE(subscriptions.follow({config("b")}));
  EXPECT_GE(messages(), 2u);
  EXPECT_TRUE(is_soon([&] { return messages() == 4; }));
  EXPECT_EQ(redis.connections(), 2u);
}

TEST_F(SubscriptionsTest, SettingsThatCannotBeAreFoundBeforeAnyIsFollowed) {
  EXPECT_FALSE(Subscriptions::try_out({config("a"), {.server = {.url = "redis://"}}}));
  EXPECT_TRUE(Subscriptions::try_out({config("a")}));
  EXPECT_EQ(redis.connections(), 0u);
}

}  // namespace
}  // namespace rata::hub
