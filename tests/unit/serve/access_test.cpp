#include "serve/access.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "client.h"
#include "sample_views.h"
#include "serve/gatekeeper.h"
#include "serve/router.h"

namespace rata::serve {
namespace {

std::string bearer(std::string_view token) { return fmt::format("Authorization: Bearer {}\r\n", token); }

Access reader(std::string name, std::string token, Visibility addresses = Visibility::full) {
  return {.name = std::move(name), .token = std::move(token), .addresses = addresses};
}

Access sender(std::string name, std::string token) {
  return {.name = std::move(name), .token = std::move(token), .may_send = true, .may_read = false};
}

Config guarded() {
  Config config = on_any_port();
  config.access = {reader("wall", "wall-token"), sender("ns1", "ns1-token"),
                   reader("guest", "guest-token", Visibility::prefix)};
  return config;
}

/// Takes every delivery at once.
Content taking() {
  Content content = some_content();
  content.take = [](const Delivery&, const std::function<void(Receipt)>& done) { done({.status = 200, .json = "{}"}); };
  return content;
}

/// Once it may be asked without a token.
std::unique_ptr<Server> started_with_status(const Config& config, Content content = taking()) {
  auto server = started(config, std::move(content));
  publish(*server, board_of(1), status_of(1));
  const auto taken_over = [&] {
    return Client(server->port()).request("GET", "/api/v1/status", bearer("wall-token")).status == 200;
  };
  if (!eventually(taken_over)) throw std::runtime_error("the publication was not taken over");
  return server;
}

struct Guarded : testing::Test {
  Reply ask(std::string_view method, std::string_view target, std::string_view headers = "",
            std::string_view body = "") {
    return Client(server->port()).request(method, target, headers, body);
  }

  std::unique_ptr<Server> server = started_with_status(guarded());
};

constexpr const char* reader_paths[] = {"/api/v1/status",  "/api/v1/views",    "/api/v1/views/rates", "/api/v1/live",
                                        "/api/v1/nothing", "/sse/server_data", "/servers_location"};

TEST_F(Guarded, Reading_needs_a_token_and_the_page_does_not) {
  for (const auto* target : reader_paths) {
    const Reply reply = ask("GET", target);
    EXPECT_EQ(reply.status, 401u) << target;
    EXPECT_EQ(reply.headers.at("www-authenticate"), "Bearer") << target;
    EXPECT_TRUE(reply.body.starts_with("{\"error\":\"")) << reply.body;
    EXPECT_NE(ask("GET", target, bearer("wall-token")).status, 401u) << target;
  }
  for (const auto* target : {"/healthz", "/", "/metrics"}) EXPECT_EQ(ask("GET", target).status, 200u) << target;
  EXPECT_EQ(server->counters().unauthorised, std::size(reader_paths));
}

TEST_F(Guarded, A_token_that_is_not_known_is_401_and_never_said) {
  for (const auto* wrong : {"wall-toke", "wall-token2", "Wall-token", "", "ns1"}) {
    const Reply reply = ask("GET", "/api/v1/status", bearer(wrong));
    EXPECT_EQ(reply.status, 401u) << wrong;
    EXPECT_EQ(reply.body, R"({"error":"this token is not known"})");
  }
  EXPECT_EQ(ask("GET", "/api/v1/status", "Authorization: Basic d2FsbC10b2tlbg==\r\n").status, 401u);
  EXPECT_EQ(ask("GET", "/api/v1/status", "Authorization: bearer  wall-token \r\n").status, 200u);
}

TEST_F(Guarded, Without_the_right_it_is_403_and_says_which) {
  const Reply reads = ask("GET", "/api/v1/status", bearer("ns1-token"));
  EXPECT_EQ(reads.status, 403u);
  EXPECT_EQ(reads.body, R"({"error":"the access \"ns1\" may not read; may = [\"read\"] in its [[access]] lets it"})");
  const Reply sends =
      ask("POST", "/api/v1/summaries", bearer("wall-token") + "Content-Type: application/x-ndjson\r\n", "{}");
  EXPECT_EQ(sends.status, 403u);
  EXPECT_NE(sends.body.find(R"(may = [\"send\"])"), std::string::npos) << sends.body;
  EXPECT_EQ(
      ask("POST", "/api/v1/summaries", bearer("ns1-token") + "Content-Type: application/x-ndjson\r\n", "{}").status,
      200u);
}

TEST_F(Guarded, A_page_gets_a_cookie_for_its_token) {
  constexpr std::string_view json = "Content-Type: application/json\r\n";
  const Reply login = ask("POST", "/api/v1/session", json, R"({"token":"wall-token"})");
  EXPECT_EQ(login.status, 204u);
  EXPECT_EQ(login.headers.at("set-cookie"), "ratadns_token=wall-token; HttpOnly; SameSite=Strict; Path=/");
  EXPECT_EQ(login.headers.count("content-length"), 0u);
  EXPECT_EQ(ask("GET", "/api/v1/status", "Cookie: theme=dark; ratadns_token=wall-token\r\n").status, 200u);
  EXPECT_EQ(ask("GET", "/api/v1/status", "Cookie: xratadns_token=wall-token; ratadns_tokenx=wall-token\r\n").status,
            401u);
  EXPECT_EQ(ask("GET", "/api/v1/status", "Cookie: ratadns_token=other\r\n").status, 401u);

  const Reply wrong = ask("POST", "/api/v1/session", json, R"({"token":"other"})");
  EXPECT_EQ(wrong.status, 401u);
  EXPECT_EQ(wrong.headers.count("set-cookie"), 0u);
  for (const auto* body : {"", "x", "[]", "{}", R"({"token":1})", R"("wall-token")"})
    EXPECT_EQ(ask("POST", "/api/v1/session", json, body).status, 400u) << body;
  EXPECT_EQ(ask("POST", "/api/v1/session", "", R"({"token":"wall-token"})").status, 415u);
  EXPECT_EQ(ask("GET", "/api/v1/session").headers.at("allow"), "POST, DELETE");
  EXPECT_EQ(ask("DELETE", "/api/v1/session").headers.at("set-cookie"),
            "ratadns_token=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
}

TEST_F(Guarded, Who_guesses_is_slowed) {
  Client client(server->port());
  unsigned tries = 0;
  const auto slowed = [&] {
    ++tries;
    return client.request("GET", "/api/v1/status", bearer("guess")).status == 429;
  };
  ASSERT_TRUE(eventually(slowed));
  EXPECT_GT(tries, Gatekeeper::failures_per_second);
  const auto forgiven = [&] { return client.request("GET", "/api/v1/status", bearer("wall-token")).status == 200; };
  EXPECT_TRUE(eventually(forgiven));
}

TEST(Guessing, Is_counted_for_each_address_and_a_64_of_IPv6) {
  Tally tally;
  Gatekeeper gatekeeper({reader("wall", "wall-token")}, tally);
  Peer peer{.address = util::Address{.octets = {0x20, 0x01, 0x0d, 0xb8}, .v6 = true}};
  const auto status = [&](std::string_view token) {
    const auto verdict = gatekeeper.holder_of(token, peer);
    const auto* refused = std::get_if<Response>(&verdict);
    return refused ? refused->status : 200u;
  };
  ASSERT_TRUE(eventually([&] { return status("guess") == 429u; }));
  peer.address.octets[15] = 1;
  EXPECT_TRUE(eventually([&] { return status("guess") == 429u; }));
  peer.address.octets[7] = 1;
  EXPECT_EQ(status("wall-token"), 200u);
  EXPECT_GE(tally.unauthorised, Gatekeeper::failures_per_second);
}

TEST(Guessing, Locks_nobody_out_who_knows_a_token) {
  Tally tally;
  Gatekeeper gatekeeper({reader("wall", "wall-token")}, tally);
  const Peer peer;
  unsigned slowed = 0;
  for (unsigned tries = 0; tries < 100 * Gatekeeper::failures_per_second; ++tries) {
    const auto guess = gatekeeper.holder_of("guess", peer);
    slowed += std::get<Response>(guess).status == 429 ? 1 : 0;
    ASSERT_TRUE(std::holds_alternative<const Access*>(gatekeeper.holder_of("wall-token", peer)));
  }
  EXPECT_GT(slowed, 0u);
}

TEST(Guessing, From_many_addresses_takes_no_more_room) {
  Tally tally;
  Gatekeeper gatekeeper({reader("wall", "wall-token")}, tally);
  Peer peer;
  for (unsigned number = 0; number < 100'000; ++number) {
    for (unsigned octet = 0; octet < 4; ++octet)
      peer.address.octets[octet] = static_cast<std::uint8_t>(number >> (8 * octet));
    ASSERT_TRUE(std::holds_alternative<Response>(gatekeeper.holder_of("guess", peer)));
  }
  EXPECT_TRUE(std::holds_alternative<const Access*>(gatekeeper.holder_of("wall-token", peer)));
}

TEST(Guessing, Is_told_of_once_a_minute_and_never_with_the_token) {
  Tally tally;
  std::vector<std::string> told;
  Gatekeeper gatekeeper({reader("wall", "wall-token")}, tally, [&](const std::string& text) { told.push_back(text); });
  const Peer peer{.address = util::Address{.octets = {192, 0, 2, 7}}};
  gatekeeper.holder_of("wall-token", peer);
  EXPECT_TRUE(told.empty());
  for (int count = 0; count < 50; ++count) gatekeeper.holder_of("guess", peer);
  EXPECT_EQ(told, std::vector<std::string>{"access: a wrong token came from 192.0.2.7"});
  Gatekeeper patient(
      {reader("wall", "wall-token")}, tally, [&](const std::string& text) { told.push_back(text); },
      std::chrono::seconds(0));
  patient.holder_of("guess", peer);
  patient.holder_of("guess", peer);
  EXPECT_EQ(told.back(), "access: wrong tokens since this was said last: 1, the latest from 192.0.2.7");
}

TEST(Metrics, Are_for_loopback_and_for_readers) {
  const Config config = guarded();
  Tally tally;
  const Bulletin bulletin("epoch");
  Gatekeeper gatekeeper(config.access, tally);
  const Router router(config, some_content(), false, bulletin, gatekeeper, tally);
  const auto status = [&](bool loopback, std::string authorization = "") {
    Request request{.method = "GET", .target = "/metrics", .hosts = {"watch.example"}};
    request.authorization = std::move(authorization);
    request.peer.loopback = loopback;
    return std::get<Response>(router.answer(request)).status;
  };
  EXPECT_EQ(status(true), 200u);
  EXPECT_EQ(status(false), 401u);
  EXPECT_EQ(status(false, "Bearer ns1-token"), 403u);
  EXPECT_EQ(status(false, "Bearer wall-token"), 200u);
}

TEST(Visible, Addresses_are_those_that_the_reader_may_see) {
  const auto views = std::make_shared<SampleViews>();
  const auto server = started_with_status(guarded());
  server->publish(views, status_of(2));
  const auto asked = [&](std::string_view token) {
    return Client(server->port()).request("GET", "/api/v1/views/top_clients", bearer(token)).body;
  };
  ASSERT_TRUE(eventually([&] { return asked("wall-token").find("\"addresses\":2") != std::string::npos; }));
  EXPECT_NE(asked("guest-token").find("\"addresses\":1"), std::string::npos);
  Client stream(server->port());
  stream.listen("/api/v1/live", bearer("guest-token"));
  stream.read_event();
  EXPECT_NE(stream.read_event().find("\"addresses\":1"), std::string::npos);
  for (const auto* whole : {"/sse/server_data", "/api/v1/views/rates?sketches=1", "/api/v1/live?sketches=1"})
    EXPECT_EQ(Client(server->port()).request("GET", whole, bearer("guest-token")).status, 403u) << whole;
}

TEST(Visible, Addresses_of_a_board_are_whole_or_not_there) {
  const auto server = started_with_status(guarded());
  const Reply reply = Client(server->port()).request("GET", "/api/v1/views/rates", bearer("guest-token"));
  EXPECT_EQ(reply.status, 403u);
  EXPECT_NE(reply.body.find("addresses = "), std::string::npos) << reply.body;
}

TEST(Open, Loopback_without_entries_lets_all_do_everything) {
  const auto server = started(on_any_port(), taking());
  Client client(server->port());
  EXPECT_EQ(client.get("/api/v1/views").status, 503u);  // starting
  EXPECT_EQ(client.request("POST", "/api/v1/summaries", "Content-Type: application/x-ndjson\r\n", "{}").status, 200u);
  const Reply login =
      client.request("POST", "/api/v1/session", "Content-Type: application/json\r\n", R"({"token":"any"})");
  EXPECT_EQ(login.status, 204u);
  EXPECT_EQ(login.headers.count("set-cookie"), 0u);
}

TEST(Entries, That_open_nothing_or_too_much_are_refused) {
  const auto error = [](std::vector<Access> entries) {
    const auto good = check(entries);
    return good ? std::string() : good.error().message;
  };
  EXPECT_EQ(error({reader("a", "1"), reader("b", "2"), {.name = "c", .certificate = "ns1"}}), "");
  EXPECT_EQ(error({reader("a", "")}), "access \"a\": nothing opens it; give it a token or a certificate");
  EXPECT_EQ(error({reader("a", "1"), reader("a", "2")}), "access \"a\" is there twice; each needs a name of its own");
  EXPECT_EQ(error({reader("a", "same"), reader("b", "same")}), "access \"b\": another access has the same token");
  for (const auto* token : {"with space", "semi;colon", "quote\"", "line\n", "\xc3\xa9"}) {
    const std::string message = error({reader("a", token)});
    EXPECT_NE(message.find("other characters"), std::string::npos) << token;
    EXPECT_EQ(message.find(token), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace rata::serve
