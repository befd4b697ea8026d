#include "channel/redis_connection.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "redis_scripted.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view secret = "s3cret-of-the-test";
constexpr std::size_t most_octets = 100'000;

std::unique_ptr<RedisConnection> connection_to(const std::string& url) {
  auto made = RedisConnection::make({.url = url}, most_octets);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

/// What PING comes to when it is answered so.
std::string ping_answered_with(std::string_view octets) {
  ScriptedRedis redis({[octets](ScriptedPeer& peer) {
    peer.command();
    peer.say(octets);
  }});
  const auto connection = connection_to(redis.url());
  if (auto opened = connection->open(); !opened) return opened.error().message;
  const auto reply = connection->ask({"PING"}, "PING");
  return reply ? "reply " + std::string(reply->text()) : reply.error().message;
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(RedisConnection, Puts_replies_together_that_come_in_single_octets) {
  ScriptedRedis redis({[](ScriptedPeer& peer) {
    for (const std::string_view reply : {"+PONG\r\n", ":42\r\n", "*2\r\n$7\r\nmessage\r\n$0\r\n\r\n", "$-1\r\n"}) {
      peer.command();
      peer.say_in_single_octets(reply);
    }
    peer.listen_to_the_end();
  }});
  const auto connection = connection_to(redis.url());
  ASSERT_TRUE(connection->open());
  EXPECT_EQ(connection->ask({"PING"}, "PING")->text(), "PONG");
  EXPECT_EQ(connection->ask({"PUBLISH", "a", "b"}, "PUBLISH")->number(), 42);
  const auto list = connection->ask({"X"}, "X");
  EXPECT_EQ(list->size(), 2u);
  EXPECT_EQ(list->text_at(0), "message");
  EXPECT_EQ(list->text_at(1), "");
  EXPECT_EQ(list->text_at(2), "");
  EXPECT_EQ(connection->ask({"X"}, "X")->kind(), RedisReply::Kind::nothing);
}

TEST(RedisConnection, Replies_that_are_none_are_said_to_be_none) {
  const std::string deep = [] {
    std::string lists;
    for (int i = 0; i < 20; ++i) lists += "*1\r\n";
    return lists;
  }();
  for (const std::string& octets :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("\x15\x03\x03\0\x02", 5), std::string("$-5\r\n"),
        std::string("*-7\r\n"), std::string("$99x\r\n"), deep})
    EXPECT_TRUE(says(ping_answered_with(octets), "PING: does not speak Redis' protocol")) << octets;
}

TEST(RedisConnection, A_list_that_claims_to_be_long_takes_no_memory) {
  EXPECT_TRUE(says(ping_answered_with("*2147483647\r\n"), "PING: does not speak Redis' protocol"));
}

TEST(RedisConnection, A_connection_that_ends_anywhere_in_a_reply_is_an_error) {
  const std::string_view reply = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n:12\r\n";
  for (std::size_t cut = 0; cut < reply.size(); ++cut)
    EXPECT_TRUE(says(ping_answered_with(reply.substr(0, cut)), "PING: the connection was closed")) << cut;
  EXPECT_EQ(ping_answered_with(reply), "reply ");
}

TEST(RedisConnection, What_is_too_large_ends_the_connection_before_it_is_there) {
  ScriptedRedis redis({[](ScriptedPeer& peer) {
    peer.command();
    peer.say("$999999999\r\n");
    for (int i = 0; i < 1'000; ++i) peer.say(std::string(1'000, 'x'));
    peer.listen_to_the_end();
  }});
  const auto connection = connection_to(redis.url());
  ASSERT_TRUE(connection->open());
  const auto reply = connection->ask({"PING"}, "PING");
  ASSERT_FALSE(reply);
  EXPECT_TRUE(says(reply.error().message, "PING: a reply or message of more than 100000 octets"))
      << reply.error().message;
  EXPECT_TRUE(connection->overflowed());
}

TEST(RedisConnection, A_refused_login_does_not_show_the_password_whole_or_cut_off) {
  const std::string text(secret);
  for (const std::string& repeated : {text, text.substr(0, 12), text + " and " + text}) {
    ScriptedRedis redis({[&](ScriptedPeer& peer) {
      peer.command();
      peer.say("-ERR unknown command 'AUTH', with args beginning with: '" + repeated + "'\r\n");
    }});
    const auto connection = connection_to(redis.url("ns1:" + text + "@"));
    const auto opened = connection->open();
    ASSERT_FALSE(opened);
    EXPECT_TRUE(says(opened.error().message, "redis://ns1@127.0.0.1")) << opened.error().message;
    EXPECT_TRUE(says(opened.error().message, "login refused: ERR unknown command 'AUTH'")) << opened.error().message;
    EXPECT_FALSE(says(opened.error().message, secret.substr(0, 8))) << opened.error().message;
  }
}

TEST(RedisConnection, One_that_was_closed_or_speaks_out_of_turn_while_idle_is_made_anew) {
  std::promise<void> first_is_over, second_has_spoken;
  ScriptedRedis redis({[&](ScriptedPeer& peer) {
                         peer.command();
                         peer.say("+PONG\r\n");
                         first_is_over.set_value();
                       },
                       [&](ScriptedPeer& peer) {
                         peer.command();
                         peer.say("+PONG\r\n+more\r\n");
                         second_has_spoken.set_value();
                         peer.listen_to_the_end();
                       },
                       [](ScriptedPeer& peer) {
                         while (peer.command()) peer.say("+third\r\n");
                       }});
  const auto connection = connection_to(redis.url());
  ASSERT_TRUE(connection->open());
  EXPECT_EQ(connection->ask({"PING"}, "PING")->text(), "PONG");
  // The peer's end is on its way through the loopback; there is no event for its arrival here.
  const auto open_until = [&](std::size_t connections) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (redis.connections() < connections && std::chrono::steady_clock::now() < deadline)
      EXPECT_TRUE(connection->open());
    EXPECT_EQ(redis.connections(), connections);
  };
  first_is_over.get_future().wait();
  open_until(2);
  EXPECT_EQ(connection->ask({"PING"}, "PING")->text(), "PONG");
  second_has_spoken.get_future().wait();
  open_until(3);
  EXPECT_EQ(connection->ask({"PING"}, "PING")->text(), "third");
}

TEST(RedisConnection, An_interrupt_ends_what_waits_at_once_and_for_good) {
  std::promise<void> asked;
  ScriptedRedis redis({[&](ScriptedPeer& peer) {
    if (peer.command()) asked.set_value();
    peer.listen_to_the_end();
  }});
  const auto connection = connection_to(redis.url());
  ASSERT_TRUE(connection->open());
  const auto begin = std::chrono::steady_clock::now();
  std::thread other([&] {
    asked.get_future().wait();
    connection->interrupt();
  });
  const auto reply = connection->ask({"PING"}, "PING");
  other.join();
  ASSERT_FALSE(reply);
  EXPECT_TRUE(says(reply.error().message, "PING: interrupted")) << reply.error().message;
  connection->rest(1h);
  EXPECT_FALSE(connection->open());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, RedisConnection::command_patience);
}

TEST(RedisConnection, TLS_with_a_peer_that_has_none_fails_and_says_so) {
  ScriptedRedis redis({[](ScriptedPeer& peer) { peer.say("-ERR what is this\r\n"); }});
  const auto connection = connection_to("rediss://127.0.0.1:" + std::to_string(redis.port()));
  const auto opened = connection->open();
  ASSERT_FALSE(opened);
  EXPECT_TRUE(says(opened.error().message, "/0: TLS: ")) << opened.error().message;
}

TEST(RedisConnection, Files_for_TLS_that_cannot_be_used_are_said_at_once) {
  const auto why = [](const Settings& settings) {
    const auto made = RedisConnection::make(settings, most_octets);
    return made ? std::string("made") : made.error().message;
  };
  EXPECT_TRUE(
      says(why({.url = "rediss://hub.example", .ca_file = "/nowhere"}), "hub.example:6379/0: ca_file /nowhere: "));
  EXPECT_TRUE(says(why({.url = "rediss://hub.example", .key_file = "/nowhere"}), "certificate_file and key_file"));
  EXPECT_TRUE(says(why({.url = "redis://hub.example", .ca_file = "/nowhere"}), "are for rediss://"));
}

}  // namespace
}  // namespace rata::channel
