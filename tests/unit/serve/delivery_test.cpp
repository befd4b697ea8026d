#include <fmt/format.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

#include "client.h"

namespace rata::serve {
namespace {

constexpr std::string_view ndjson = "Content-Type: application/x-ndjson\r\n";
constexpr std::string_view path = "/api/v1/summaries";

/// Keeps what is delivered, to answer it when the test wants. Thread: any.
class Taker {
 public:
  struct Delivered {
    Delivery delivery;
    std::function<void(Receipt)> done;
  };

  Content content() {
    Content content = some_content();
    content.take = [this](Delivery delivery, std::function<void(Receipt)> done) {
      const std::scoped_lock lock(mutex_);
      waiting_.push_back({std::move(delivery), std::move(done)});
    };
    return content;
  }
  std::size_t count() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }
  Delivered next() {
    if (!eventually([&] { return count() > 0; })) throw std::runtime_error("nothing was delivered");
    const std::scoped_lock lock(mutex_);
    Delivered first = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return first;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Delivered> waiting_;
};

/// Answers at once with how much came.
Content counting() {
  Content content = some_content();
  content.take = [](const Delivery& delivery, const std::function<void(Receipt)>& done) {
    done({.status = 200, .json = fmt::format("{{\"octets\":{}}}", delivery.octets.size())});
  };
  return content;
}

std::string head(std::string_view headers) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}{}\r\n", path, ndjson, headers);
}

TEST(Delivery, Is_handed_on_as_it_came_and_answered_when_that_is_known) {
  Taker taker;
  Config config = on_any_port();
  config.access = {{.name = "site", .token = "t", .may_send = true, .servers = {"ns1", "ns2"}}};
  const auto server = started(config, taker.content());
  Client client(server->port());
  const std::string token = "Authorization: Bearer t\r\n" + std::string(ndjson);
  client.send(fmt::format(
      "POST {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Encoding: ZSTD\r\nContent-Length: 3\r\n\r\na\nb", path, token));
  auto first = taker.next();
  EXPECT_EQ(first.delivery.octets, "a\nb");
  EXPECT_TRUE(first.delivery.zstd);
  EXPECT_EQ(first.delivery.unpacked_octets, config.unpacked_octets);
  EXPECT_EQ(first.delivery.access, "site");
  EXPECT_EQ(first.delivery.servers, (std::vector<std::string>{"ns1", "ns2"}));
  std::jthread([&] {
    first.done({.status = 503, .json = R"({"error":"disk full"})", .retry_after = std::chrono::seconds(7)});
  }).join();
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 503u);
  EXPECT_EQ(reply.body, R"({"error":"disk full"})");
  EXPECT_EQ(reply.headers.at("retry-after"), "7");
  EXPECT_EQ(reply.headers.at("connection"), "keep-alive");

  client.send(fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: 3\r\n\r\n{{}}\n", path, token));
  auto second = taker.next();
  EXPECT_EQ(second.delivery.octets, "{}\n");
  EXPECT_FALSE(second.delivery.zstd);
  second.done({.status = 202, .json = "{}"});
  second.done({.status = 500, .json = "{}"});  // only the first counts
  EXPECT_EQ(client.read_reply().status, 202u);
  EXPECT_EQ(client.get("/healthz").body, "ok");
  EXPECT_EQ(server->counters().deliveries, 2u);
}

TEST(Delivery, May_ask_first_for_which_servers_it_could_send) {
  Taker taker;
  Config config = on_any_port();
  config.access = {{.name = "site", .token = "t", .may_send = true, .servers = {"ns1", "ns 2"}},
                   {.name = "all", .token = "a", .may_send = true}};
  const auto server = started(config, taker.content());
  const auto asked = [&](std::string_view query, std::string_view token) {
    return Client(server->port())
        .send(fmt::format("POST {}{} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{}Content-Length: "
                          "0\r\n\r\n",
                          path, query, token, ndjson))
        .read_reply();
  };
  const Reply foreign = asked("?server=ns1&server=ns3", "t");
  EXPECT_EQ(foreign.status, 403u);
  EXPECT_EQ(foreign.body,
            R"({"error":"the access \"site\" may not send for the server \"ns3\"; servers = [...] in its [[access]] )"
            R"(names those for which it may"})");
  EXPECT_EQ(server->counters().deliveries, 0u);
  EXPECT_EQ(server->counters().unauthorised, 1u);
  for (const auto& [query, token] : {std::pair("?server=ns1&server=ns%202", "t"), std::pair("?server=ns3", "a")}) {
    std::jthread answering([&] { taker.next().done({.json = "{}"}); });
    EXPECT_EQ(asked(query, token).status, 200u) << query;
  }
}

TEST(Delivery, Goes_on_over_one_connection) {
  const auto server = started(on_any_port(), counting());
  Client client(server->port());
  for (std::size_t octets = 1; octets < 2'000'000; octets *= 3) {
    const Reply reply = client.request("POST", path, ndjson, std::string(octets, 'x'));
    ASSERT_EQ(reply.body, fmt::format("{{\"octets\":{}}}", octets));
    ASSERT_EQ(reply.headers.at("connection"), "keep-alive");
  }
  EXPECT_EQ(server->counters().connections, 1u);
}

TEST(Delivery, Of_many_at_a_time_is_answered_to_each) {
  constexpr int clients = 16, turns = 40;
  const auto server = started(on_any_port(), counting());
  std::vector<std::jthread> threads;
  for (int number = 0; number < clients; ++number)
    threads.emplace_back([&, number] {
      Client client(server->port());
      for (int turn = 0; turn < turns; ++turn) {
        const std::size_t octets = static_cast<std::size_t>(1 + number * 1000 + turn * 37);
        EXPECT_EQ(client.request("POST", path, ndjson, std::string(octets, 'x')).body,
                  fmt::format("{{\"octets\":{}}}", octets));
      }
    });
  threads.clear();
  EXPECT_EQ(server->counters().deliveries, std::uint64_t{clients * turns});
}

TEST(Delivery, That_waits_for_a_go_on_gets_it_or_a_refusal_before_it_sends) {
  Config config = on_any_port();
  config.batch_octets = 1000;
  const auto server = started(config, counting());
  Client client(server->port());
  client.send(head("Expect: 100-continue\r\nContent-Length: 5\r\n"));
  EXPECT_EQ(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.send("abcde").read_reply().body, R"({"octets":5})");
  EXPECT_EQ(client.send(head("Expect: 100-continue\r\nContent-Length: 1001\r\n")).read_reply().status, 413u);
  EXPECT_TRUE(client.ended());
}

TEST(Delivery, Beyond_its_limit_is_413) {
  Config config = on_any_port();
  config.batch_octets = 50'000;
  const auto server = started(config, counting());
  const std::string most(50'000, 'x');
  EXPECT_EQ(Client(server->port()).request("POST", path, ndjson, most).status, 200u);
  EXPECT_EQ(Client(server->port()).request("POST", path, ndjson, most + "x").status, 413u);
  // Nothing of the body has come yet.
  EXPECT_EQ(Client(server->port()).send(head("Content-Length: 50001\r\n")).read_reply().status, 413u);
  EXPECT_EQ(Client(server->port()).send(head("Content-Length: 18446744073709551615\r\n")).read_reply().status, 413u);
  EXPECT_EQ(server->counters().deliveries, 1u);
}

TEST(Delivery, That_does_not_say_how_long_it_is_gets_411) {
  Taker taker;
  const auto server = started(on_any_port(), taker.content());
  for (const char* unknown :
       {"Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", ""}) {
    Client client(server->port());
    EXPECT_EQ(client.send(head(unknown)).read_reply().status, 411u) << unknown;
    EXPECT_TRUE(client.ended());
  }
  EXPECT_EQ(taker.count(), 0u);
}

TEST(Delivery, Needs_its_type_and_method) {
  const auto server = started(on_any_port(), counting());
  const auto status = [&](std::string_view method, std::string_view target, std::string_view headers) {
    return Client(server->port()).request(method, target, headers, "{}").status;
  };
  EXPECT_EQ(status("POST", path, "Content-Type: Application/X-NDJSON; charset=utf-8\r\n"), 200u);
  EXPECT_EQ(status("POST", path, std::string(ndjson) + "Content-Encoding: identity\r\n"), 200u);
  EXPECT_EQ(status("POST", path, std::string(ndjson) + "Content-Encoding: gzip\r\n"), 415u);
  EXPECT_EQ(status("POST", path, "Content-Type: text/plain\r\n"), 415u);
  EXPECT_EQ(status("POST", path, ""), 415u);
  EXPECT_EQ(status("POST", "/api/v1/status", ndjson), 405u);
  EXPECT_EQ(status("PUT", path, ndjson), 405u);
  EXPECT_EQ(Client(server->port()).get(path).headers.at("allow"), "POST");
  const auto without = started();
  EXPECT_EQ(Client(without->port()).get(path).status, 404u);
  EXPECT_EQ(Client(without->port()).request("POST", path, ndjson, "{}").status, 405u);
}

TEST(Delivery, Is_put_off_when_too_many_wait) {
  Taker taker;
  Config config = on_any_port();
  config.deliveries_octets = 100;
  const auto server = started(config, taker.content());
  Client first(server->port());
  first.send(head("Content-Length: 60\r\n") + std::string(60, 'x'));
  auto waiting = taker.next();
  const Reply second = Client(server->port()).request("POST", path, ndjson, std::string(41, 'x'));
  EXPECT_EQ(second.status, 503u);
  EXPECT_EQ(second.headers.at("retry-after"), "1");
  EXPECT_EQ(server->counters().deliveries_refused, 1u);
  waiting.done({.json = "{}"});
  EXPECT_EQ(first.read_reply().status, 200u);
  // There is room again, although the taker still holds its function.
  Client third(server->port());
  third.send(head("Content-Length: 100\r\n") + std::string(100, 'x'));
  taker.next().done({.json = "{}"});
  EXPECT_EQ(third.read_reply().status, 200u);
}

TEST(Delivery, That_comes_too_slowly_is_given_up_and_frees_its_room) {
  Taker taker;
  Config config = on_any_port();
  config.deliveries_octets = 100;
  config.request_timeout = std::chrono::milliseconds(50);
  const auto server = started(config, taker.content());
  Client slow(server->port());
  slow.send(head("Content-Length: 100\r\n") + "x");
  EXPECT_EQ(slow.read_reply().status, 408u);
  Client gone(server->port());
  gone.send(head("Content-Length: 100\r\n") + "x").vanish();
  ASSERT_TRUE(eventually([&] { return server->counters().connections <= 1; }));
  Client next(server->port());
  next.send(head("Content-Length: 100\r\n") + std::string(100, 'x'));
  taker.next().done({.json = "{}"});
  EXPECT_EQ(next.read_reply().status, 200u);
}

TEST(Delivery, That_nobody_answers_is_put_off) {
  Taker taker;
  Config config = on_any_port();
  config.stall_timeout = std::chrono::milliseconds(50);
  const auto server = started(config, taker.content());
  Client client(server->port());
  const Reply reply = client.request("POST", path, ndjson, "{}");
  EXPECT_EQ(reply.status, 503u);
  EXPECT_EQ(reply.headers.at("retry-after"), "1");
  taker.next().done({.json = "{}"});  // too late, and of no harm
  EXPECT_EQ(client.get("/healthz").body, "ok");
}

TEST(Delivery, May_be_answered_after_its_client_and_its_server_are_gone) {
  Taker taker;
  auto server = started(on_any_port(), taker.content());
  Client here(server->port());
  {
    Client gone(server->port());
    gone.send(head("Content-Length: 2\r\n") + "{}");
    auto delivered = taker.next();
    gone.vanish();
    std::jthread([&] { delivered.done({.json = "{}"}); }).join();
  }
  ASSERT_TRUE(eventually([&] { return server->counters().connections == 1; }));
  here.send(head("Content-Length: 2\r\n") + "{}");
  auto delivered = taker.next();
  server.reset();
  EXPECT_TRUE(here.ended_at_last());
  delivered.done({.json = "{}"});
}

TEST(Delivery, May_be_answered_while_the_server_ends) {
  for (int turn = 0; turn < 50; ++turn) {
    Taker taker;
    auto server = started(on_any_port(), taker.content());
    Client client(server->port());
    client.send(head("Content-Length: 2\r\n") + "{}");
    auto delivered = taker.next();
    std::jthread answering([&] { delivered.done({.json = "{}"}); });
    server.reset();
  }
}

}  // namespace
}  // namespace rata::serve
