#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <vector>

#include "client.h"

namespace rata::serve {
namespace {

constexpr std::string_view plain_request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(Connection, Serves_many_requests_one_after_the_other) {
  const auto server = published();
  Client client(server->port());
  for (int turn = 0; turn < 100; ++turn) ASSERT_EQ(client.get("/healthz").headers.at("connection"), "keep-alive");
  EXPECT_EQ(server->counters().connections, 1u);
  EXPECT_GE(server->counters().requests, 100u);
}

TEST(Connection, Ends_when_the_client_wants_that) {
  const auto server = published();
  for (const auto* request : {"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                              "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"}) {
    Client client(server->port());
    EXPECT_EQ(client.send(request).read_reply().headers.at("connection"), "close");
    EXPECT_TRUE(client.ended());
  }
}

TEST(Connection, That_is_half_closed_still_gets_its_answer) {
  const auto server = published();
  Client client(server->port());
  client.send(plain_request).finish();
  EXPECT_EQ(client.read_reply().body, "ok");
  EXPECT_TRUE(client.ended());
}

TEST(Connection, May_bring_a_request_octet_by_octet) {
  const auto server = published();
  Client client(server->port());
  for (const char octet : plain_request) client.send(std::string_view(&octet, 1));
  EXPECT_EQ(client.read_reply().body, "ok");
}

TEST(Connection, Answers_pipelined_requests_in_order) {
  const auto server = published();
  Client client(server->port());
  std::string requests;
  for (const std::string target : {"/healthz", "/metrics", "/nothing", "/api/v1/status", "/healthz"})
    requests += "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(requests + "GET /healthz HTTP/1.1\r\nHo");
  EXPECT_EQ(client.read_reply().body, "ok");
  EXPECT_EQ(client.read_reply().body, "ratadns_up 1\n");
  EXPECT_EQ(client.read_reply().status, 404u);
  EXPECT_EQ(client.read_reply().body, status_of(1));
  EXPECT_EQ(client.read_reply().body, "ok");
  client.send("st: localhost\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "ok");
}

TEST(Connection, With_something_else_than_http_gets_400_and_ends) {
  const auto server = published();
  for (const std::string& garbage : {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\0\0\0\0", 15),
                                     std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("hello\r\n\r\n"),
                                     std::string("GET / HTTP/1.1\r\nHost localhost\r\n\r\n"),
                                     std::string("GET / HTTP/1.1\r\nContent-Length: x\r\nHost: localhost\r\n\r\n")}) {
    Client client(server->port());
    const Reply reply = client.send(garbage + "\r\n\r\n").read_reply();
    EXPECT_EQ(reply.status, 400u) << garbage;
    EXPECT_EQ(reply.headers.at("connection"), "close");
    EXPECT_TRUE(client.ended());
  }
}

TEST(Connection, With_a_head_too_large_gets_431) {
  const auto server = published();
  const std::string much(64 * 1024, 'x');
  for (const std::string& request : {"GET /" + much, "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + much}) {
    Client client(server->port());
    EXPECT_EQ(client.send(request).read_reply().status, 431u);
    EXPECT_TRUE(client.ended());
  }
}

TEST(Connection, With_a_body_too_large_gets_413) {
  const auto server = published();
  const std::string much(64 * 1024, 'x');
  for (const std::string& body : {"Content-Length: 65536\r\n\r\n" + much,
                                  "Transfer-Encoding: chunked\r\n\r\n10000\r\n" + much + "\r\n0\r\n\r\n"}) {
    Client client(server->port());
    EXPECT_EQ(client.send("POST / HTTP/1.1\r\nHost: localhost\r\n" + body).read_reply().status, 413u);
    EXPECT_TRUE(client.ended());
  }
}

TEST(Timeout, A_request_that_does_not_come_to_its_end_gets_408) {
  Config config = on_any_port();
  config.request_timeout = std::chrono::milliseconds(50);
  const auto server = started(config);
  Client half(server->port()), silent(server->port());
  EXPECT_EQ(half.send("GET /healthz HTTP/1.1\r\nHost: loc").read_reply().status, 408u);
  EXPECT_TRUE(half.ended());
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(eventually([&] { return server->counters().connections == 0; }));
}

TEST(Timeout, A_header_that_drips_in_does_not_move_the_deadline) {
  Config config = on_any_port();
  config.request_timeout = std::chrono::milliseconds(100);
  const auto server = started(config);
  Client client(server->port());
  client.send("GET /healthz HTTP/1.1\r\n");
  EXPECT_TRUE(eventually([&] {
    client.send("X: y\r\n");
    return server->counters().requests == 1 || server->counters().connections == 0;
  }));
  // Dripping fast enough fills the head before the time is over: refused either way.
  const unsigned status = client.read_reply().status;
  EXPECT_TRUE(status == 408 || status == 431) << status;
}

TEST(Timeout, An_idle_connection_ends_and_a_stream_does_not) {
  Config config = on_any_port();
  config.request_timeout = config.idle_timeout = config.stall_timeout = std::chrono::milliseconds(50);
  const auto server = published(config);
  Client stream(server->port()), idle(server->port());
  stream.listen("/sse/top_qnames");
  for (int turn = 0; turn < 3; ++turn) {
    Client other(server->port());
    EXPECT_EQ(other.get("/healthz").body, "ok");
    EXPECT_TRUE(other.ended());
  }
  EXPECT_TRUE(idle.ended());
  publish(*server, board_of(2), status_of(2));
  EXPECT_EQ(stream.read_event(), "data: [2]\n\n");
}

TEST(Limit, Connections_beyond_it_get_503) {
  constexpr std::size_t wanted = 300, possible = 256;
  const auto server = started();
  std::vector<Client> clients;
  for (std::size_t count = 0; count < possible; ++count) clients.emplace_back(server->port());
  ASSERT_TRUE(eventually([&] { return server->counters().connections == possible; }));
  for (std::size_t count = possible; count < wanted; ++count) {
    Client refused(server->port());
    EXPECT_EQ(refused.read_reply().status, 503u);
    EXPECT_TRUE(refused.ended());
  }
  EXPECT_EQ(server->counters().refused, wanted - possible);
  for (Client& client : clients) ASSERT_EQ(client.get("/healthz").status, 200u);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server->counters().connections == 0; }));
  EXPECT_EQ(Client(server->port()).get("/healthz").status, 200u);
}

TEST(Limit, Listeners_leave_connections_to_senders) {
  constexpr std::size_t clients = 64, kept = 4;
  Config config = on_any_port();
  config.clients = clients;
  Content content = some_content();
  content.take = [](const Delivery&, const std::function<void(Receipt)>& done) { done({.json = "taken"}); };
  const auto server = published(config, content);
  std::vector<Client> listeners;
  for (std::size_t count = 0; count < clients - kept; ++count) {
    listeners.emplace_back(server->port());
    ASSERT_EQ(listeners.back().listen("/api/v1/live").status, 200u);
  }
  for (const auto* target : {"/api/v1/live", "/", "/api/v1/status", "/sse/top_qnames"}) {
    Client late(server->port());
    const Reply reply = late.get(target);
    EXPECT_EQ(reply.status, 503u) << target;
    EXPECT_NE(reply.body.find("summaries"), std::string::npos) << reply.body;
    EXPECT_TRUE(late.ended());
  }
  EXPECT_EQ(server->counters().refused, 4u);
  const auto deliver = [&] {
    Client sender(server->port());
    const Reply reply = sender.request("POST", "/api/v1/summaries", "Content-Type: application/x-ndjson\r\n", "{}");
    EXPECT_EQ(reply.headers.at("connection"), "close");
    EXPECT_TRUE(sender.ended());
    return reply.body;
  };
  // In turns: more of them than connections that are kept.
  for (std::size_t count = 0; count < 4 * kept; ++count) ASSERT_EQ(deliver(), "taken");
  for (const auto* target : {"/healthz", "/metrics"})
    EXPECT_EQ(Client(server->port()).get(target).status, 200u) << target;
  listeners.pop_back();
  EXPECT_TRUE(eventually([&] { return Client(server->port()).get("/api/v1/status").status == 200; }));
}

TEST(Limit, Who_takes_no_summaries_keeps_no_connections) {
  Config config = on_any_port();
  config.clients = 4;
  const auto server = started(config);
  std::vector<Client> clients;
  for (std::size_t count = 0; count < config.clients; ++count) {
    clients.emplace_back(server->port());
    EXPECT_EQ(clients.back().get("/").status, 200u);
  }
}

TEST(Limit, A_flood_beyond_it_is_closed_without_a_word) {
  Config config = on_any_port();
  config.clients = 1;
  const auto server = started(config);
  Client first(server->port());
  std::vector<Client> flood;
  for (std::size_t count = 0; count < 200; ++count) flood.emplace_back(server->port());
  EXPECT_TRUE(eventually([&] { return server->counters().refused == 200; }));
  flood.clear();
  EXPECT_EQ(first.get("/healthz").status, 200u);
}

TEST(End, Comes_within_a_second_whatever_the_clients_do) {
  auto server = published();
  std::vector<Client> clients;
  for (int count = 0; count < 20; ++count) {
    clients.push_back(Client::slow(server->port()));
    clients.back().listen("/api/v1/live");
    clients.emplace_back(server->port()).send("GET / HTTP/1.1\r\nHos");
    clients.emplace_back(server->port()).listen("/sse/top_qnames");
    clients.emplace_back(server->port());
    clients.emplace_back(server->port()).send("x\r\n\r\n");
  }
  std::uint64_t number = 1;
  ASSERT_TRUE(eventually([&] {
    ++number;
    publish(*server, board_of(number, 256 * 1024), status_of(number));
    return server->counters().events_dropped > 1000;
  }));
  const auto begin = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  for (Client& client : clients) ASSERT_TRUE(client.ended_at_last());
}

TEST(End, Comes_at_once_when_nobody_was_there) {
  for (int turn = 0; turn < 50; ++turn) {
    auto server = started();
    publish(*server, board_of(1), status_of(1));
  }
}

}  // namespace
}  // namespace rata::serve
