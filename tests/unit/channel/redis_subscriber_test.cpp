#include "channel/redis_subscriber.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>

#include "redis_heard.h"
#include "redis_scripted.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

constexpr std::string_view secret = "s3cret-of-the-test";

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

std::string message(std::string_view channel, std::string_view text) {
  return "*3\r\n" + bulk("message") + bulk(channel) + bulk(text);
}
std::string pattern_message(std::string_view channel, std::string_view text) {
  return "*4\r\n" + bulk("pmessage") + bulk("*") + bulk(channel) + bulk(text);
}

/// Answers PING and takes every subscription.
void let_in(ScriptedPeer& peer) {
  peer.command();
  peer.say("+PONG\r\n");
  const auto command = peer.command();
  if (!command) return;
  const std::string kind = command->front() == "PSUBSCRIBE" ? "psubscribe" : "subscribe";
  for (std::size_t i = 1; i < command->size(); ++i)
    peer.say("*3\r\n" + bulk(kind) + bulk((*command)[i]) + ":" + std::to_string(i) + "\r\n");
}

/// Answers PINGs until the end.
void stay(ScriptedPeer& peer) {
  while (peer.command()) peer.say("*2\r\n" + bulk("pong") + bulk(""));
}

RedisSubscriberConfig quick(const std::string& url) {
  return {.server = {.url = url}, .ping_every = 10'000ms, .first_retry = 1ms, .longest_retry = 2ms, .seed = 1};
}

std::unique_ptr<RedisSubscriber> subscriber(const RedisSubscriberConfig& config, Heard& heard) {
  auto started = RedisSubscriber::start("hub", config, heard.take(), heard.report());
  EXPECT_TRUE(started) << started.error().message;
  return std::move(*started);
}

TEST(RedisSubscriber, Hands_on_what_is_published_and_counts_what_is_empty) {
  ScriptedRedis redis({[](ScriptedPeer& peer) {
    let_in(peer);
    peer.say_in_single_octets(message("qps", "{1}") + message("qps", "\n") + message("qps", "") + message("aps", "2") +
                              pattern_message("topk", "{3}"));
    stay(peer);
  }});
  auto config = quick(redis.url());
  config.channels = {"qps", "aps"};
  Heard heard;
  const auto hub = subscriber(config, heard);
  EXPECT_EQ(heard.messages(3), (Texts{"qps: {1}", "aps: 2", "topk: {3}"}));
  EXPECT_EQ(hub->counters().messages, 3u);
  EXPECT_EQ(hub->counters().empty, 2u);
  EXPECT_EQ(hub->counters().foreign, 0u);
  EXPECT_EQ(hub->hearing().trouble, "");
  EXPECT_TRUE(hub->hearing().gaps.empty());
  EXPECT_TRUE(heard.reports().empty());
}

TEST(RedisSubscriber, Asks_for_the_channels_and_patterns_it_was_given_and_by_default_for_all_that_can_be_summaries) {
  std::promise<std::vector<std::string>> asked_first, asked_then;
  ScriptedRedis redis({[&](ScriptedPeer& peer) {
                         peer.command();
                         peer.say("+PONG\r\n");
                         asked_first.set_value(peer.command().value_or(Texts{}));
                         asked_then.set_value(peer.command().value_or(Texts{}));
                       },
                       [](ScriptedPeer& peer) {
                         let_in(peer);
                         peer.say(pattern_message("__keyevent@0__:set", "key") + pattern_message("qps", "{}"));
                         stay(peer);
                       }});
  {
    auto config = quick(redis.url());
    config.channels = {"qps", "aps"};
    config.patterns = {"to*"};
    Heard heard;
    const auto hub = subscriber(config, heard);
    EXPECT_EQ(asked_first.get_future().get(), (Texts{"SUBSCRIBE", "qps", "aps"}));
    EXPECT_EQ(asked_then.get_future().get(), (Texts{"PSUBSCRIBE", "to*"}));
  }
  Heard heard;
  const auto hub = subscriber(quick(redis.url()), heard);
  EXPECT_EQ(heard.messages(1), (Texts{"qps: {}"}));
  EXPECT_EQ(hub->counters().foreign, 1u);
}

TEST(RedisSubscriber, Comes_back_after_the_connection_broke_and_remembers_the_gap) {
  ScriptedRedis redis({[](ScriptedPeer& peer) {
                         let_in(peer);
                         peer.say(message("qps", "{1}") + "*3\r\n$7\r\nmess");
                       },
                       [](ScriptedPeer& peer) { peer.command(); },
                       [](ScriptedPeer& peer) {
                         let_in(peer);
                         peer.say(message("qps", "{2}"));
                         stay(peer);
                       }});
  const util::Time begin = util::Clock::system().now();
  Heard heard;
  const auto hub = subscriber(quick(redis.url()), heard);
  EXPECT_EQ(heard.messages(2), (Texts{"qps: {1}", "qps: {2}"}));
  const std::string url = redis.url() + "/0";
  EXPECT_EQ(heard.reports(),
            (Texts{"hub: " + url + ": subscription: the connection was closed; trying again", "hub: hears again"}));
  EXPECT_EQ(hub->counters().reconnects, 1u);
  EXPECT_EQ(hub->counters().gaps, 1u);
  const auto gaps = hub->hearing().gaps;
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_LE(begin, gaps[0].from);
  EXPECT_LT(gaps[0].from, gaps[0].to);
  EXPECT_LE(gaps[0].to, util::Clock::system().now());
}

TEST(RedisSubscriber, What_could_not_be_heard_from_the_start_is_a_gap_too_but_no_reconnect) {
  ScriptedRedis redis({[](ScriptedPeer& peer) { peer.command(); },
                       [](ScriptedPeer& peer) {
                         let_in(peer);
                         peer.say(message("qps", "{1}"));
                         stay(peer);
                       }});
  Heard heard;
  const auto hub = subscriber(quick(redis.url()), heard);
  heard.messages(1);
  EXPECT_EQ(hub->counters().gaps, 1u);
  EXPECT_EQ(hub->counters().reconnects, 0u);
}

TEST(RedisSubscriber, Keeps_the_last_sixteen_gaps) {
  std::vector<ScriptedRedis::Script> scripts(20, let_in);
  scripts.push_back([](ScriptedPeer& peer) {
    let_in(peer);
    peer.say(message("qps", "{}"));
    stay(peer);
  });
  ScriptedRedis redis(scripts);
  Heard heard;
  const auto hub = subscriber(quick(redis.url()), heard);
  heard.messages(1);
  EXPECT_EQ(hub->counters().gaps, 20u);
  EXPECT_EQ(hub->hearing().gaps.size(), 16u);
}

TEST(RedisSubscriber, A_dead_peer_is_noticed_by_PING_and_one_that_answers_is_kept) {
  std::promise<void> pinged_often;
  ScriptedRedis redis({[](ScriptedPeer& peer) {
                         let_in(peer);
                         peer.listen_to_the_end();
                       },
                       [&](ScriptedPeer& peer) {
                         let_in(peer);
                         for (int i = 0; i < 5; ++i) {
                           if (peer.command() != Texts{"PING"}) return;
                           peer.say("*2\r\n" + bulk("pong") + bulk(""));
                         }
                         pinged_often.set_value();
                         stay(peer);
                       }});
  auto config = quick(redis.url());
  config.ping_every = 100ms;
  Heard heard;
  const auto hub = subscriber(config, heard);
  ASSERT_EQ(pinged_often.get_future().wait_for(20s), std::future_status::ready);
  ASSERT_EQ(heard.reports().size(), 2u);
  EXPECT_NE(heard.reports()[0].find("subscription: no reply to PING; trying again"), std::string::npos);
  EXPECT_EQ(hub->counters().reconnects, 1u);
}

TEST(RedisSubscriber, A_message_that_is_too_large_is_counted_and_the_next_ones_are_heard) {
  ScriptedRedis redis({[](ScriptedPeer& peer) {
                         let_in(peer);
                         peer.say("*3\r\n" + bulk("message") + bulk("qps") + "$999999999\r\n");
                         for (int i = 0; i < 1'000; ++i) peer.say(std::string(1'000, 'x'));
                         stay(peer);
                       },
                       [](ScriptedPeer& peer) {
                         let_in(peer);
                         peer.say(message("qps", std::string(90'000, '{')));
                         stay(peer);
                       }});
  auto config = quick(redis.url());
  config.most_message_octets = 100'000;
  Heard heard;
  const auto hub = subscriber(config, heard);
  EXPECT_EQ(heard.messages(1), (Texts{"qps: " + std::string(90'000, '{')}));
  EXPECT_EQ(hub->counters().too_large, 1u);
  EXPECT_NE(heard.reports().at(0).find("more than 100000 octets"), std::string::npos) << heard.reports()[0];
}

TEST(RedisSubscriber, What_Redis_refuses_is_said_once_without_the_password) {
  const std::string repeated =
      "-ERR unknown command 'AUTH', with args beginning with: '" + std::string(secret) + "'\r\n";
  const struct {
    std::vector<std::string> replies;
    const char* login;
    const char* says;
  } cases[] = {
      {{repeated}, ":s3cret-of-the-test@", "login refused: ERR unknown command"},
      {{"-NOAUTH Authentication required.\r\n"}, "", "PING refused: NOAUTH"},
      {{"+PONG\r\n", "-NOPERM no permissions to access a channel\r\n"}, "", "SUBSCRIBE refused: NOPERM"},
      {{"+PONG\r\n", ":1\r\n"}, "", "SUBSCRIBE refused: a reply of another kind"},
      {{"+PONG\r\n", "*1\r\n*1\r\n:1\r\n"}, "", "SUBSCRIBE refused: a reply of another kind"},
      {{"+PONG\r\n", "*2\r\n" + bulk("message") + bulk("qps")}, "", "SUBSCRIBE refused: a reply of another kind"},
      {{"HTTP/1.1 400 Bad Request\r\n"}, "", "PING: does not speak Redis' protocol"},
  };
  for (const auto& test : cases) {
    ScriptedRedis redis({[&](ScriptedPeer& peer) {
      for (const std::string& reply : test.replies) {
        peer.command();
        peer.say(reply);
      }
      peer.listen_to_the_end();
    }});
    Heard heard;
    const auto hub = subscriber(quick(redis.url(test.login)), heard);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (redis.connections() < 5 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_GE(redis.connections(), 5u);
    ASSERT_EQ(heard.reports(1).size(), 1u) << test.says;
    EXPECT_NE(heard.reports()[0].find(test.says), std::string::npos) << heard.reports()[0];
    EXPECT_EQ(heard.reports()[0].find(secret), std::string::npos) << heard.reports()[0];
    EXPECT_EQ(hub->hearing().trouble.find(secret), std::string::npos);
    EXPECT_NE(hub->hearing().trouble.find(test.says), std::string::npos) << hub->hearing().trouble;
  }
}

TEST(RedisSubscriber, Ends_at_once_while_it_connects_waits_for_a_reply_hears_or_rests) {
  std::promise<void> asked;
  ScriptedRedis silent({[&](ScriptedPeer& peer) {
    if (peer.command()) asked.set_value();
    peer.listen_to_the_end();
  }});
  ScriptedRedis good({[](ScriptedPeer& peer) {
    let_in(peer);
    peer.say(message("qps", "{}"));
    stay(peer);
  }});
  const auto begin = std::chrono::steady_clock::now();
  {
    Heard heard;
    const auto waits = subscriber(quick(silent.url()), heard);
    asked.get_future().wait();
  }
  {
    Heard heard;
    const auto hears = subscriber(quick(good.url()), heard);
    heard.messages(1);
  }
  {
    auto config = quick("redis://127.0.0.1:1");
    config.first_retry = config.longest_retry = 1h;
    Heard heard;
    const auto rests = subscriber(config, heard);
    EXPECT_NE(heard.reports(1).at(0).find("cannot connect"), std::string::npos);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
}

TEST(RedisSubscriber, Settings_that_cannot_work_are_refused_at_the_start) {
  Heard heard;
  const auto started =
      RedisSubscriber::start("hub", {.server = {.url = "https://hub.example"}}, heard.take(), heard.report());
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("is no redis://"), std::string::npos);
}

}  // namespace
}  // namespace rata::channel
