#include <gtest/gtest.h>

#include <thread>

#include "channel/redis_subscriber.h"
#include "redis_heard.h"
#include "redis_server.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

constexpr const char* password = "s3cret-of-the-test";

summary::Summary summary_of(const std::string& type) {
  summary::Summary summary;
  summary.type = type;
  summary.data = summary::Rate{.name = "qps", .count = 1, .seconds = 1};
  return summary;
}

/// Publishing and hearing through a real redis-server.
class RealRedis : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::is_here()) GTEST_SKIP() << "redis-server is not here: run scripts/fetch-servers";
  }

  static RedisSubscriberConfig quick(const Settings& server) {
    return {.server = server, .first_retry = 5ms, .longest_retry = 50ms, .seed = 1};
  }

  std::unique_ptr<RedisSubscriber> subscriber(const RedisSubscriberConfig& config) {
    auto started = RedisSubscriber::start("hub", config, heard_.take(), heard_.report());
    EXPECT_TRUE(started) << started.error().message;
    return std::move(*started);
  }

  /// Until somebody listens. Returns the trouble with it, if any.
  static std::string publish(const Settings& server, const std::string& type) {
    auto channel = open_channel(server);
    if (!channel) return channel.error().message;
    const std::vector<summary::Summary> batch{summary_of(type)};
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (std::uint64_t sent = 1; std::chrono::steady_clock::now() < deadline; ++sent) {
      const Attempt attempt = (*channel)->send(batch);
      if (attempt.state != Attempt::State::sent) return attempt.why;
      if ((*channel)->best_effort().unheard < sent) return {};
    }
    return "nobody listens";
  }

  /// Waits until it is subscribed.
  static bool hears(const RedisSubscriber& subscriber) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!subscriber.hearing().trouble.empty() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(1ms);
    return subscriber.hearing().trouble.empty();
  }

  static std::string try_out(const Settings& server) {
    auto channel = open_channel(server);
    if (!channel) return channel.error().message;
    const auto found = (*channel)->try_out();
    return found ? *found : found.error().message;
  }

  void expect_heard(const std::string& type) {
    const Texts messages = heard_.messages(1);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_TRUE(messages[0].starts_with(type + ": {")) << messages[0];
  }

  Heard heard_;
};

TEST_F(RealRedis, What_is_published_is_heard_by_channel_and_by_default) {
  const RedisServer redis;
  const Settings server{.url = redis.url()};
  auto config = quick(server);
  config.channels = {"QueriesPerSecond"};
  Heard others;
  const auto all = RedisSubscriber::start("all", quick(server), others.take(), others.report());
  const auto one = subscriber(config);
  ASSERT_TRUE(all && hears(**all) && hears(*one));
  EXPECT_EQ(publish(server, "QueriesPerSecond"), "");
  expect_heard("QueriesPerSecond");
  EXPECT_EQ(publish(server, "topk"), "");
  EXPECT_TRUE(others.last_message([](const std::string& text) { return text.starts_with("topk: {"); }));
  EXPECT_EQ(one->counters().messages, 1u);
  EXPECT_TRUE(heard_.reports().empty());
}

TEST_F(RealRedis, Users_of_the_ACL_may_do_what_they_need_and_no_more) {
  const RedisServer redis(std::string("user default off\n") + "user ns1 on >" + password +
                          " &* -@all +publish +ping\n" + "user hub on >" + password +
                          " &* -@all +subscribe +psubscribe +ping\n" + "user half on >" + password +
                          " &qps -@all +psubscribe +subscribe +ping\n");
  const std::string secret = std::string(":") + password + "@";
  const Settings ns1{.url = redis.url("ns1" + secret)};
  {
    const auto hub = subscriber(quick({.url = redis.url("hub" + secret)}));
    EXPECT_EQ(publish(ns1, "QueriesPerSecond"), "");
    expect_heard("QueriesPerSecond");
    EXPECT_TRUE(heard_.reports().empty());
  }
  EXPECT_EQ(try_out({.url = redis.url("ns1:not-it@")}),
            redis.url("ns1@") + "/0: login refused: WRONGPASS invalid username-password pair or user is disabled.");
  const struct {
    std::string login;
    const char* says;
  } refused[] = {
      {"ns1", "SUBSCRIBE refused: NOPERM"}, {"half", "SUBSCRIBE refused: NOPERM"}, {"nobody", "login refused"}};
  for (const auto& test : refused) {
    Heard heard;
    const auto hub =
        RedisSubscriber::start("hub", quick({.url = redis.url(test.login + secret)}), heard.take(), heard.report());
    EXPECT_NE(heard.reports(1).at(0).find(test.says), std::string::npos) << heard.reports()[0];
    EXPECT_EQ(heard.reports()[0].find(password), std::string::npos);
  }
}

TEST_F(RealRedis, Both_directions_work_over_TLS_with_a_certificate_of_the_client) {
  const RedisServer redis("tls-auth-clients yes", true);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const Settings server{.url = redis.url("", host),
                          .ca_file = redis.file("ca.pem"),
                          .certificate_file = redis.file("client.pem"),
                          .key_file = redis.file("client.key")};
    EXPECT_EQ(try_out(server), "answers");
    Heard heard;
    const auto hub = RedisSubscriber::start("hub", quick(server), heard.take(), heard.report());
    EXPECT_EQ(publish(server, "QueriesPerSecond"), "");
    EXPECT_TRUE(heard.messages(1).at(0).starts_with("QueriesPerSecond: {"));
    EXPECT_TRUE(heard.reports().empty()) << heard.reports()[0];
  }
}

TEST_F(RealRedis, TLS_to_one_who_is_not_who_it_should_be_is_refused_and_said) {
  const RedisServer redis("bind 127.0.0.1 127.0.0.2\ntls-auth-clients yes", true);
  const std::string ca = redis.file("ca.pem");
  const auto says = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  says(try_out({.url = redis.url(), .ca_file = redis.file("other-ca.pem")}),
       "TLS: the certificate of 127.0.0.1 is not accepted: ");
  says(try_out({.url = redis.url()}), "TLS: the certificate of 127.0.0.1 is not accepted: ");
  says(try_out({.url = redis.url("", "127.0.0.2"), .ca_file = ca}), "is not accepted: IP address mismatch");
  says(try_out({.url = redis.url(), .ca_file = ca}), "certificate required");
  std::string plain = redis.url();
  plain.erase(plain.find('s', 4), 1);
  EXPECT_NE(try_out({.url = plain}), "answers");
}

TEST_F(RealRedis, A_large_pipeline_and_a_large_message_pass_through_TLS) {
  const RedisServer redis("tls-auth-clients no", true);
  const Settings server{.url = redis.url(), .ca_file = redis.file("ca.pem")};
  const auto hub = subscriber(quick(server));
  ASSERT_EQ(publish(server, "first"), "");
  auto channel = open_channel(server);
  ASSERT_TRUE(channel);
  std::vector<summary::Summary> batch(5'000, summary_of("small"));
  batch.push_back(summary_of("large"));
  batch.back().server = std::string(8u << 20, 'x');
  EXPECT_EQ((*channel)->send(batch).why, "");
  const Texts messages = heard_.messages(1 + batch.size());
  ASSERT_EQ(messages.size(), 1 + batch.size());
  EXPECT_GT(messages.back().size(), 8u << 20);
  EXPECT_TRUE(messages.back().ends_with("}"));
}

TEST_F(RealRedis, One_that_was_killed_is_found_again_by_both_sides) {
  RedisServer redis;
  const Settings server{.url = redis.url()};
  const auto hub = subscriber(quick(server));
  ASSERT_EQ(publish(server, "before"), "");
  heard_.messages(1);
  redis.stop(SIGKILL);
  EXPECT_EQ(heard_.reports(1).size(), 1u);
  redis.start();
  EXPECT_EQ(heard_.reports(2).size(), 2u);
  ASSERT_EQ(publish(server, "after"), "");
  EXPECT_TRUE(heard_.messages(2).at(1).starts_with("after: {"));
  EXPECT_EQ(hub->counters().gaps, 1u);
  EXPECT_EQ(hub->counters().reconnects, 1u);
}

}  // namespace
}  // namespace rata::channel
