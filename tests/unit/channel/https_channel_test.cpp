#include "channel/https_channel.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "https_aggregator.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;
using State = Attempt::State;
using Then = Reply::Then;
using Flags = std::vector<bool>;

constexpr const char* token = "s3cret-of-the-test";

/// A server without TLS, and a channel to it.
struct Pair {
  explicit Pair(HttpsServer::Handler handler, HttpsPatience patience = patient)
      : server({}, std::move(handler)), channel(channel_to({.url = bare_url(server)}, patience)) {}
  HttpsServer server;
  std::unique_ptr<Channel> channel;
};

/// With a token, by way of the environment.
std::unique_ptr<Channel> channel_with_token(const std::string& url) {
  setenv("RATADNS_TEST_TOKEN", token, 1);
  auto channel = channel_to({.url = url, .token_env = "RATADNS_TEST_TOKEN"});
  unsetenv("RATADNS_TEST_TOKEN");
  return channel;
}

TEST(HttpsChannel, Posts_a_batch_as_one_compressed_frame_of_lines) {
  HttpsServer server({}, receipt);
  const auto channel = channel_with_token(bare_url(server) + "/dns/");
  const Attempt attempt = channel->send(batch_of(300));
  EXPECT_EQ(attempt.state, State::sent) << attempt.why;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  Request request = requests.front();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/dns/api/v1/summaries");
  EXPECT_EQ(request.headers["host"], fmt::format("127.0.0.1:{}", server.port()));
  EXPECT_EQ(request.headers["authorization"], std::string("Bearer ") + token);
  EXPECT_EQ(request.headers["content-type"], "application/x-ndjson");
  EXPECT_EQ(request.headers["content-encoding"], "zstd");
  EXPECT_EQ(lines_in(request), lines_of(0, 300));
}

TEST(HttpsChannel, Sends_no_authorization_without_a_token) {
  Pair pair(receipt);
  EXPECT_EQ(pair.channel->send(batch_of(1)).state, State::sent);
  EXPECT_FALSE(pair.server.requests().front().headers.contains("authorization"));
}

TEST(HttpsChannel, Tells_the_refused_from_the_sent) {
  Pair pair(first({{.body = R"({"committed":1,"repeated":1,"refused":[{"line":2,"why":"no such server"}]})"}}));
  const Attempt attempt = pair.channel->send(batch_of(3));
  EXPECT_EQ(attempt.state, State::sent);
  EXPECT_EQ(attempt.out, (Flags{true, false, true}));
  EXPECT_EQ(attempt.refused, (Flags{false, true, false}));
  EXPECT_NE(attempt.why_refused.find("no such server"), std::string::npos) << attempt.why_refused;
}

TEST(HttpsChannel, A_batch_that_cannot_be_read_there_is_refused_for_good) {
  for (const unsigned status : {400u, 422u}) {
    Pair pair(first({{.status = status, .body = R"({"error":"line 2 is no JSON","final":true})"}}));
    const Attempt attempt = pair.channel->send(batch_of(2));
    EXPECT_EQ(attempt.state, State::sent);
    EXPECT_EQ(attempt.refused, (Flags{true, true}));
    EXPECT_EQ(attempt.why_refused, fmt::format("{}: {}: line 2 is no JSON", bare_url(pair.server), status));
  }
}

TEST(HttpsChannel, Whatever_may_be_mended_is_tried_again) {
  for (const unsigned status :
       {204u, 301u, 400u, 401u, 403u, 404u, 405u, 408u, 415u, 422u, 429u, 500u, 502u, 503u, 507u}) {
    Pair pair(first({{.status = status, .body = "why not", .more_headers = "Location: https://other.example/\r\n"}}));
    const Attempt attempt = pair.channel->send(batch_of(2));
    EXPECT_EQ(attempt.state, State::try_again) << status;
    EXPECT_EQ(attempt.out, (Flags{false, false})) << status;
    EXPECT_EQ(attempt.refused, (Flags{false, false})) << status;
    EXPECT_FALSE(attempt.retry_after) << status;
    EXPECT_NE(attempt.why.find(std::to_string(status)), std::string::npos) << attempt.why;
    EXPECT_TRUE(attempt.why.starts_with(bare_url(pair.server))) << attempt.why;
    EXPECT_EQ(pair.server.requests().size(), 1u) << status;
  }
}

TEST(HttpsChannel, Passes_on_how_long_the_aggregator_wants_to_be_left_alone) {
  for (const unsigned status : {429u, 503u}) {
    Pair pair(first({{.status = status, .more_headers = "Retry-After: 7\r\n"},
                     {.status = status, .more_headers = "Retry-After: Sat, 28 Nov 2026 14:00:00 GMT\r\n"}}));
    EXPECT_EQ(pair.channel->send(batch_of(1)).retry_after, 7s);
    EXPECT_EQ(pair.channel->send(batch_of(1)).retry_after, std::nullopt);
  }
}

/// Takes at most so many lines at a time, and never the one with this number.
HttpsServer::Handler with_room_for(std::size_t most, std::uint64_t never) {
  return [most, line = line_of(never)](const Request& request) -> Reply {
    const auto lines = lines_in(request);
    if (lines.size() > most || std::ranges::find(lines, line) != lines.end())
      return {.status = 413, .body = R"({"error":"too large"})"};
    return receipt(request);
  };
}

TEST(HttpsChannel, What_is_too_large_is_halved_until_it_fits) {
  Pair pair(with_room_for(3, 999));
  const Attempt attempt = pair.channel->send(batch_of(10));
  EXPECT_EQ(attempt.state, State::sent) << attempt.why;
  EXPECT_EQ(std::ranges::count(attempt.refused, true), 0);
  std::vector<std::string> taken;
  for (const Request& request : pair.server.requests())
    if (const auto lines = lines_in(request); lines.size() <= 3) taken.insert(taken.end(), lines.begin(), lines.end());
  EXPECT_EQ(taken, lines_of(0, 10));
}

TEST(HttpsChannel, One_summary_that_is_too_large_is_refused_alone) {
  Pair pair(with_room_for(100, 5));
  const Attempt attempt = pair.channel->send(batch_of(8));
  EXPECT_EQ(attempt.state, State::sent) << attempt.why;
  Flags expected(8, false);
  expected[5] = true;
  EXPECT_EQ(attempt.refused, expected);
  EXPECT_NE(attempt.why_refused.find("413: too large"), std::string::npos) << attempt.why_refused;
}

TEST(HttpsChannel, An_answer_counts_that_comes_before_the_body_is_taken) {
  // More than sockets keep on their way, and of the kind that does not become smaller.
  summary::Summary large = numbered(0);
  std::minstd_rand random(1);
  large.server.resize(24u << 20);
  for (char& octet : large.server) octet = static_cast<char>('#' + random() % 57);
  const HttpsServer server({.hasty = true}, [](const Request&) -> Reply { return {.status = 413}; });
  const Attempt attempt = channel_to({.url = bare_url(server)})->send({&large, 1});
  EXPECT_EQ(attempt.state, State::sent) << attempt.why;
  EXPECT_EQ(attempt.refused, Flags{true});
}

TEST(HttpsChannel, A_half_that_fails_takes_nothing_back_from_the_other) {
  const Reply taken{.body = R"({"committed":1,"repeated":0,"refused":[{"line":2,"why":"no"}]})"};
  Pair pair(first({{.status = 413}, taken, {.status = 503, .more_headers = "Retry-After: 2\r\n"}}));
  const Attempt attempt = pair.channel->send(batch_of(4));
  EXPECT_EQ(attempt.state, State::try_again);
  EXPECT_EQ(attempt.out, (Flags{true, false, false, false}));
  EXPECT_EQ(attempt.refused, (Flags{false, true, false, false}));
  EXPECT_EQ(attempt.retry_after, 2s);
}

TEST(HttpsChannel, Keeps_its_connection) {
  Pair pair(receipt);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pair.channel->send(batch_of(2)).state, State::sent);
  EXPECT_EQ(pair.server.connections(), 1);
  EXPECT_EQ(pair.server.requests().size(), 5u);
}

TEST(HttpsChannel, Makes_a_new_connection_when_the_server_says_that_it_closes) {
  Pair pair(first({{.body = R"({"committed":1,"repeated":0})", .more_headers = "Connection: close\r\n"}}));
  EXPECT_EQ(pair.channel->send(batch_of(1)).state, State::sent);
  EXPECT_EQ(pair.channel->send(batch_of(1)).state, State::sent);
  EXPECT_EQ(pair.server.connections(), 2);
}

TEST(HttpsChannel, Notices_that_an_idle_connection_was_closed) {
  Pair pair(first({{.body = R"({"committed":1,"repeated":0})", .then = Then::leave}}));
  EXPECT_EQ(pair.channel->send(batch_of(1)).state, State::sent);
  ASSERT_TRUE(pair.server.ended(1));
  const Attempt attempt = pair.channel->send(batch_of(1));
  EXPECT_EQ(attempt.state, State::sent) << attempt.why;
  EXPECT_EQ(pair.server.requests().size(), 2u);
}

TEST(HttpsChannel, A_kept_connection_that_ends_under_a_request_is_made_anew_once) {
  const Reply vanish{.then = Then::vanish};
  Pair pair(first({{.body = R"({"committed":1,"repeated":0})"}, vanish}));
  EXPECT_EQ(pair.channel->send(batch_of(1)).state, State::sent);
  const Attempt attempt = pair.channel->send(batch_of(1));
  EXPECT_EQ(attempt.state, State::sent) << attempt.why;
  EXPECT_EQ(pair.server.requests().size(), 3u);

  Pair other(first({{.body = R"({"committed":1,"repeated":0})"}, vanish, vanish}));
  EXPECT_EQ(other.channel->send(batch_of(1)).state, State::sent);
  EXPECT_EQ(other.channel->send(batch_of(1)).state, State::try_again);
  EXPECT_EQ(other.server.requests().size(), 3u);
}

TEST(HttpsChannel, A_new_connection_that_ends_without_an_answer_is_a_failure) {
  for (const Then then : {Then::vanish, Then::cut}) {
    Pair pair(first({{.body = R"({"committed":1,"repeated":0})", .then = then}}));
    const Attempt attempt = pair.channel->send(batch_of(1));
    EXPECT_EQ(attempt.state, State::try_again);
    EXPECT_NE(attempt.why.find("before the whole answer"), std::string::npos) << attempt.why;
    EXPECT_EQ(pair.server.requests().size(), 1u);
    EXPECT_EQ(pair.channel->send(batch_of(1)).state, State::sent);
  }
}

TEST(HttpsChannel, Does_not_wait_for_ever) {
  constexpr HttpsPatience short_patience{.connect = 10s, .answer = 200ms};
  Pair stalled(first({{.then = Then::stall}}), short_patience);
  const Attempt half = stalled.channel->send(batch_of(1));
  EXPECT_EQ(half.state, State::try_again);
  EXPECT_NE(half.why.find("no whole answer within 0.2 s"), std::string::npos) << half.why;
  EXPECT_EQ(stalled.channel->send(batch_of(1)).state, State::sent);

  HttpsServer deaf({.deaf = true}, receipt);
  const Attempt silent = channel_to({.url = bare_url(deaf)}, short_patience)->send(batch_of(1));
  EXPECT_EQ(silent.state, State::try_again);
  EXPECT_NE(silent.why.find("no whole answer within 0.2 s"), std::string::npos) << silent.why;
}

TEST(HttpsChannel, Says_where_nobody_listens) {
  std::string url;
  {
    const HttpsServer server({}, receipt);
    url = bare_url(server);
  }
  const Attempt attempt = channel_to({.url = url})->send(batch_of(1));
  EXPECT_EQ(attempt.state, State::try_again);
  EXPECT_EQ(attempt.why, fmt::format("{0}: cannot connect: {1}: Connection refused", url, url.substr(7)));
}

TEST(HttpsChannel, What_speaks_no_http_is_said_to) {
  Pair pair(first({{.status = 200, .more_headers = "no header\r\n"}}));
  const Attempt attempt = pair.channel->send(batch_of(1));
  EXPECT_EQ(attempt.state, State::try_again);
  EXPECT_NE(attempt.why.find("no HTTP/1.1 server"), std::string::npos) << attempt.why;
}

TEST(HttpsChannel, An_answer_has_bounds) {
  Pair pair(first({{.body = std::string(2u << 20, ' ')}}));
  EXPECT_EQ(pair.channel->send(batch_of(1)).state, State::try_again);
}

TEST(HttpsChannel, Shows_what_a_foreign_server_says_as_one_short_line) {
  Pair pair(first({{.status = 502, .body = "<html>\n\x1b[2J" + std::string(5000, 'x')}}));
  const std::string why = pair.channel->send(batch_of(1)).why;
  EXPECT_EQ(why.find_first_of("\n\x1b"), std::string::npos) << why;
  EXPECT_LT(why.size(), 700u);
}

TEST(HttpsChannel, Shows_its_token_to_nobody_but_the_server) {
  // Also where a text is cut.
  const std::string bearer = std::string("Bearer ") + token;
  std::string echo = bearer;
  while (echo.size() < 2000) echo += "; " + bearer;
  for (const unsigned status : {200u, 301u, 400u, 401u, 413u, 500u, 503u}) {
    HttpsServer server({}, [&](const Request&) -> Reply {
      return {.status = status, .body = echo, .more_headers = "Location: /?" + bearer + "\r\n"};
    });
    const auto channel = channel_with_token(bare_url(server));
    const Attempt attempt = channel->send(batch_of(1));
    const auto tried = channel->try_out();
    ASSERT_FALSE(tried);
    const std::string said = attempt.why + attempt.why_refused + tried.error().message;
    EXPECT_NE(said.find("***"), std::string::npos) << said;
    EXPECT_EQ(said.find(std::string_view(token).substr(0, 4)), std::string::npos) << said;
  }
}

TEST(HttpsChannel, Has_its_token_from_one_place_that_others_cannot_read) {
  const TestFolder folder;
  const auto says = [](const Settings& settings) {
    const auto opened = open_channel(settings);
    return opened ? std::string("open") : opened.error().message;
  };
  const std::string url = "http://localhost:1", file = folder.path() / "token";
  EXPECT_EQ(says({.url = url, .token_file = file, .token_env = "RATADNS_TEST_TOKEN"}),
            "channel http://localhost:1: has its token from one of: token_file, token_env");
  EXPECT_NE(says({.url = url, .token_file = file}).find("No such file"), std::string::npos);
  EXPECT_NE(says({.url = url, .token_env = "RATADNS_TEST_TOKEN"}).find("has no RATADNS_TEST_TOKEN"), std::string::npos);
  std::ofstream(file) << "t0ken of\x01two\n";
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  const std::string odd = says({.url = url, .token_file = file});
  EXPECT_NE(odd.find("printable ASCII"), std::string::npos) << odd;
  EXPECT_EQ(odd.find("t0ken"), std::string::npos) << odd;
  std::ofstream(file) << "\n";
  EXPECT_NE(says({.url = url, .token_file = file}).find("is empty"), std::string::npos);
}

TEST(HttpsChannel, Try_out_asks_for_health_and_whether_it_may_send) {
  Pair pair(receipt);
  const auto tried = pair.channel->try_out();
  ASSERT_TRUE(tried) << tried.error().message;
  EXPECT_EQ(*tried, "answers, takes summaries");
  const auto requests = pair.server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].method + requests[0].target, "GET/healthz");
  EXPECT_EQ(requests[1].target, "/api/v1/summaries");
  EXPECT_EQ(unpacked(requests[1].body), "");

  Pair wrong_token([](const Request& request) -> Reply {
    return request.method == "GET" ? receipt(request) : Reply{.status = 401, .body = R"({"error":"unknown token"})"};
  });
  const auto refused = wrong_token.channel->try_out();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("401: unknown token"), std::string::npos) << refused.error().message;

  Pair something_else(first({{.status = 404, .body = "nothing here"}}));
  const auto elsewhere = something_else.channel->try_out();
  ASSERT_FALSE(elsewhere);
  EXPECT_NE(elsewhere.error().message.find("404: nothing here"), std::string::npos) << elsewhere.error().message;
}

}  // namespace
}  // namespace rata::channel
