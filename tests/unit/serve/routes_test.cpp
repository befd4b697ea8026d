#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "client.h"
#include "serve/assets.h"

namespace rata::serve {
namespace {

struct Routes : testing::Test {
  Reply get(std::string_view target) { return Client(server->port()).get(target); }
  Reply ask(std::string_view octets) { return Client(server->port()).send(octets).read_reply(); }

  std::unique_ptr<Server> server = published();
};

TEST_F(Routes, The_page_comes_with_its_policy_and_is_checked_by_etag) {
  Client client(server->port());
  const Reply page = client.get("/");
  EXPECT_EQ(page.status, 200u);
  const auto all = assets();
  const auto root = std::ranges::find(all, "/", &Asset::path);
  ASSERT_NE(root, all.end());
  EXPECT_EQ(page.body, root->octets);
  EXPECT_EQ(page.headers.at("content-type"), root->content_type);
  EXPECT_EQ(page.headers.at("content-security-policy"), content_security_policy());
  EXPECT_EQ(page.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(page.headers.at("referrer-policy"), "no-referrer");
  EXPECT_EQ(page.headers.at("cache-control"), "no-cache");

  client.send("GET / HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: " + page.headers.at("etag") + "\r\n\r\n");
  const Reply again = client.read_reply();
  EXPECT_EQ(again.status, 304u);
  EXPECT_EQ(again.headers.count("content-length"), 0u);
  EXPECT_EQ(client.get("/healthz").body, "ok");
}

TEST_F(Routes, A_file_whose_name_holds_its_hash_may_be_kept_for_ever) {
  for (const Asset& asset : assets()) {
    const Reply reply = get(asset.path);
    EXPECT_EQ(reply.body, asset.octets) << asset.path;
    const bool for_ever = reply.headers.at("cache-control") == "public, max-age=31536000, immutable";
    EXPECT_EQ(for_ever, asset.immutable) << asset.path;
  }
}

TEST_F(Routes, Status_and_views_are_json_that_is_not_kept) {
  for (const auto& [target, body] : std::map<std::string, std::string>{
           {"/api/v1/status", status_of(1)},
           {"/api/v1/views", R"({"views":["rates","top_names"]})"},
           {"/api/v1/views/rates", view_json("rates", 1, "", 1)},
           {"/api/v1/views/top_names?span=5", view_json("top_names", 5, "", 1)},
           {"/api/v1/views/top%5Fnames?server=n%731&span=5", view_json("top_names", 5, "ns1", 1)},
           {"/api/v1/views/rates?sketches=0", view_json("rates", 1, "", 1)},
           {"/api/v1/views/rates?server=&other=1", view_json("rates", 1, "", 1)},
           {"http://localhost/api/v1/views/rates?server=ns1", view_json("rates", 1, "ns1", 1)},
       }) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 200u) << target;
    EXPECT_EQ(reply.body, body) << target;
    EXPECT_EQ(reply.headers.at("content-type"), "application/json") << target;
    EXPECT_EQ(reply.headers.at("cache-control"), "no-store") << target;
    EXPECT_EQ(reply.headers.count("access-control-allow-origin"), 0u) << target;
  }
}

TEST_F(Routes, What_is_unknown_is_404_and_names_what_there_is) {
  for (const auto& [target, error] : std::map<std::string, std::string>{
           {"/api/v1/views/rat", R"(no view \"rat\"; there are rates, top_names)"},
           {"/api/v1/views/", R"(no view \"\"; there are rates, top_names)"},
           {"/api/v1/views/rates?span=2", R"(no span \"2\"; there are 1, 5)"},
           {"/api/v1/views/rates?span=1x", R"(no span \"1x\"; there are 1, 5)"},
           {"/api/v1/views/rates?span=", R"(no span \"\"; there are 1, 5)"},
           {"/api/v1/views/rates?span=99999999999999", R"(no span \"99999999999999\"; there are 1, 5)"},
           {"/api/v1/views/rates?server=ns9", R"(no server \"ns9\"; there are ns1)"},
           {"/api/v1/live?span=7", R"(no span \"7\"; there are 1, 5)"},
           {"/api/v1/live?server=ns%229", R"(no server \"ns\"9\"; there are ns1)"},
           {"/sse/top_types",
            R"(no older event stream \"top_types\"; there are server_data, server_data_v2, top_qnames)"},
       }) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 404u) << target;
    EXPECT_EQ(reply.body, "{\"error\":\"" + error + "\"}") << target;
    EXPECT_EQ(reply.headers.at("content-type"), "application/json") << target;
  }
}

TEST_F(Routes, Sketches_are_asked_for_with_0_or_1) {
  for (const auto* target : {"/api/v1/views/rates?sketches=2", "/api/v1/live?sketches=yes"}) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 400u) << target;
    EXPECT_NE(reply.body.find("needs 0 or 1"), std::string::npos) << reply.body;
  }
}

TEST(Questions, Go_to_who_answers_them_and_are_named_only_where_somebody_does) {
  Content content = some_content();
  content.ask = [](const Question& question, const std::function<void(Receipt)>& answer) {
    answer({.status = 200, .json = question.target.path});
  };
  const auto answering = published(on_any_port(), content);
  const auto mute = published();
  for (const std::string_view path : question_paths) {
    EXPECT_EQ(Client(answering->port()).get(path).body, path);
    EXPECT_EQ(Client(mute->port()).get(path).status, 404u) << path;
    const auto names = [&](const Server& server) {
      return Client(server.port()).get("/api/v1/nothing").body.find(path) != std::string::npos;
    };
    EXPECT_TRUE(names(*answering)) << path;
    EXPECT_FALSE(names(*mute)) << path;
  }
  EXPECT_EQ(Client(answering->port()).get("/api/v1/nothing").status, 404u);
}

TEST_F(Routes, Unknown_paths_are_404) {
  for (const auto* target :
       {"/nothing", "/sse", "/sse/", "/api/v1/view", "/api/v1/status/", "/..%2f..%2fetc/passwd", "//"})
    EXPECT_EQ(get(target).status, 404u) << target;
  EXPECT_NE(get("/%ff%00%22").body.find("/api/v1/status"), std::string::npos);
}

TEST_F(Routes, Servers_locations_are_in_the_older_form) {
  const Reply reply = get("/servers_location");
  EXPECT_EQ(reply.body, "[{\"name\":\"ns1\"}]\n\n");
  EXPECT_EQ(reply.headers.at("content-type"), "application/json");
}

TEST_F(Routes, Metrics_and_health_are_plain_text) {
  const Reply metrics = get("/metrics");
  EXPECT_EQ(metrics.body, "ratadns_up 1\n");
  EXPECT_EQ(metrics.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(get("/healthz").body, "ok");
}

TEST_F(Routes, Head_is_get_without_the_body) {
  Client client(server->port());
  for (const auto* target : {"/", "/api/v1/status", "/api/v1/views/rates", "/metrics", "/healthz", "/nothing"}) {
    const Reply head = client.request("HEAD", target), get = client.get(target);
    EXPECT_EQ(head.head, get.head) << target;
    EXPECT_EQ(head.body, "");
  }
  const Reply stream = client.request("HEAD", "/api/v1/live");
  EXPECT_EQ(stream.headers.at("content-type"), "text/event-stream");
  EXPECT_TRUE(client.ended());
}

TEST_F(Routes, Another_method_is_405_and_the_connection_goes_on) {
  Client client(server->port());
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
    const Reply reply = client.request(method, "/api/v1/status");
    EXPECT_EQ(reply.status, 405u) << method;
    EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD") << method;
  }
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde");
  EXPECT_EQ(client.read_reply().status, 405u);
  EXPECT_EQ(client.get("/healthz").status, 200u);
}

TEST_F(Routes, A_foreign_host_is_refused_on_loopback) {
  EXPECT_EQ(ask("GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421u);
  EXPECT_EQ(ask("GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 421u);
  EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8353\r\n\r\n").status, 200u);
  EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\nHost: [::1]:8353\r\n\r\n").status, 200u);
  EXPECT_EQ(ask("GET /healthz HTTP/1.0\r\n\r\n").status, 200u);
}

TEST_F(Routes, A_request_needs_exactly_one_host) {
  EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\n\r\n").status, 400u);
  EXPECT_EQ(ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n").status, 400u);
  EXPECT_EQ(ask("GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 400u);
  EXPECT_EQ(ask("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 400u);
}

TEST(RoutesBeforeThePublication, Say_starting_but_live_streams_may_wait) {
  const auto server = started();
  for (const auto* target : {"/api/v1/status", "/api/v1/views", "/api/v1/views/rates", "/sse/top_qnames"}) {
    const Reply reply = Client(server->port()).get(target);
    EXPECT_EQ(reply.status, 503u) << target;
    EXPECT_EQ(reply.body, R"({"error":"starting"})") << target;
  }
  EXPECT_EQ(Client(server->port()).get("/healthz").status, 200u);
  Client early(server->port());
  EXPECT_EQ(early.listen("/api/v1/live?span=5").status, 200u);
  publish(*server, board_of(1), status_of(1));
  EXPECT_EQ(early.read_event(), event_of("rates", view_json("rates", 5, "", 1)));
}

TEST(RoutesOfAMonitor, Are_metrics_and_health_only) {
  Content content = some_content();
  content.page = false;
  const auto server = started(on_any_port(), std::move(content));
  Client client(server->port());
  EXPECT_EQ(client.get("/metrics").status, 200u);
  EXPECT_EQ(client.get("/healthz").status, 200u);
  for (const auto* target : {"/", "/api/v1/status", "/api/v1/live", "/sse/top_qnames", "/servers_location"}) {
    const Reply reply = client.get(target);
    EXPECT_EQ(reply.status, 404u) << target;
    EXPECT_NE(reply.body.find("there are /metrics, /healthz"), std::string::npos) << reply.body;
  }
}

TEST(RoutesOfAMonitor, Go_on_when_the_metrics_fail) {
  Content content = some_content();
  content.metrics = []() -> std::string { throw std::runtime_error("no metrics today"); };
  const auto server = started(on_any_port(), std::move(content));
  Client client(server->port());
  client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(Client(server->port()).get("/healthz").status, 200u);
}

TEST(RoutesElsewhere, Ipv6_addresses_can_be_listened_on) {
  Config config = on_any_port();
  config.address = "::1";
  const auto server = Server::start(config, some_content());
  if (!server) GTEST_SKIP() << "no IPv6 here: " << server.error().message;
  EXPECT_EQ(Client((*server)->port(), "::1").get("/healthz").body, "ok");
}

TEST(Start, A_taken_port_is_said_with_the_way_out) {
  const auto first = started();
  Config config = on_any_port();
  config.port = first->port();
  const auto second = Server::start(config, some_content());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1:" + std::to_string(first->port()) +
                                        ": Address already in use; choose another with --listen ADDRESS:PORT");
}

TEST(Start, An_address_that_is_not_ours_is_said) {
  Config config = on_any_port();
  config.address = "2001:db8::1";
  const auto server = Server::start(config, some_content());
  ASSERT_FALSE(server);
  EXPECT_TRUE(server.error().message.starts_with("cannot listen on [2001:db8::1]:0: ")) << server.error().message;
}

}  // namespace
}  // namespace rata::serve
