#include <gtest/gtest.h>

#include <vector>

#include "client.h"

namespace rata::serve {
namespace {

Config with_token(const std::string& token) {
  Config config = on_any_port();
  config.access = {{.name = "operators", .token = token}};
  return config;
}

std::string header_of(const std::string& token) { return "Authorization: Bearer " + token + "\r\n"; }

unsigned status_for(const Server& server, const std::string& token) {
  return Client(server.port()).request("GET", "/api/v1/status", header_of(token)).status;
}

/// A server that this token opens, with something to show.
std::unique_ptr<Server> opened_by(const std::string& token) {
  auto server = started(with_token(token));
  publish(*server, board_of(1), status_of(1));
  EXPECT_TRUE(eventually([&] { return status_for(*server, token) == 200; }));
  return server;
}

TEST(Reload, Another_access_holds_from_the_next_request_on) {
  const auto server = opened_by("first");
  const auto status = [&](const std::string& token) { return status_for(*server, token); };
  EXPECT_EQ(status("second"), 401);
  Config config = with_token("second");
  config.address = "127.0.0.1";
  ASSERT_TRUE(server->reload(config, some_content()));
  EXPECT_TRUE(eventually([&] { return status("second") == 200; }));
  EXPECT_EQ(status("first"), 401);
}

TEST(Reload, Further_paths_are_there_when_the_content_has_them) {
  const auto server = published();
  EXPECT_EQ(Client(server->port()).get("/api/v1/history").status, 404);
  Content content = some_content();
  content.ask = [](Question question, std::function<void(Receipt)> answer) {
    answer({.status = 200, .json = "\"" + question.target.path + "\""});
  };
  ASSERT_TRUE(server->reload(on_any_port(), content));
  EXPECT_TRUE(eventually([&] { return Client(server->port()).get("/api/v1/history").status == 200; }));
  EXPECT_EQ(Client(server->port()).get("/api/v1/history?x=1").body, "\"/api/v1/history\"");
}

TEST(Reload, A_stream_goes_on) {
  const auto server = published();
  Client client(server->port());
  client.listen("/api/v1/live");
  ASSERT_TRUE(server->reload(on_any_port(), some_content()));
  publish(*server, board_of(2), status_of(2));
  EXPECT_TRUE(eventually([&] { return client.read_event().find("\"number\":2") != std::string::npos; }));
}

/// A listener with this token, who has the first publication.
Client listening(const Server& server, const std::string& token) {
  Client client(server.port());
  EXPECT_EQ(client.listen("/api/v1/live", token.empty() ? "" : header_of(token)).status, 200u);
  EXPECT_EQ(client.read_event(), status_event(1));
  return client;
}

TEST(Reload, Streams_end_whose_access_is_not_what_it_was_and_others_go_on) {
  Config config = on_any_port();
  for (const char* name : {"stays", "goes", "renewed", "sees-less", "no-reader"})
    config.access.push_back({.name = name, .token = name});
  const auto server = started(config);
  publish(*server, board_of(1), status_of(1));
  ASSERT_TRUE(eventually([&] { return status_for(*server, "stays") == 200; }));
  Client stays = listening(*server, "stays");
  std::vector<Client> others;
  for (const char* token : {"goes", "renewed", "sees-less", "no-reader"}) others.push_back(listening(*server, token));
  Client older(server->port());
  EXPECT_EQ(older.listen("/sse/top_qnames", header_of("sees-less")).status, 200u);

  config.access = {{.name = "stays-by-another-name", .token = "stays", .may_send = true},
                   {.name = "renewed", .token = "other"},
                   {.name = "sees-less", .token = "sees-less", .addresses = Visibility::none},
                   {.name = "no-reader", .token = "no-reader", .may_send = true, .may_read = false}};
  const std::uint64_t unauthorised = server->counters().unauthorised;
  ASSERT_TRUE(server->reload(config, some_content()));
  for (Client& other : others) EXPECT_TRUE(other.ended_at_last());
  EXPECT_TRUE(older.ended_at_last());
  EXPECT_EQ(server->counters().unauthorised, unauthorised) << "nobody showed a wrong token";
  publish(*server, board_of(2), status_of(2));
  EXPECT_TRUE(eventually([&] { return stays.read_event().find("\"number\":2") != std::string::npos; }));
  EXPECT_TRUE(eventually([&] { return server->counters().connections == 1; }));
}

TEST(Reload, Streams_that_were_open_to_everybody_end_when_access_is_asked_for) {
  const auto server = published();
  Client everybody = listening(*server, "");
  ASSERT_TRUE(server->reload(with_token("first"), some_content()));
  EXPECT_TRUE(everybody.ended_at_last());
  ASSERT_TRUE(eventually([&] { return status_for(*server, "first") == 200; }));
  Client holder = listening(*server, "first");
  ASSERT_TRUE(server->reload(on_any_port(), some_content()));
  publish(*server, board_of(2), status_of(2));
  EXPECT_TRUE(eventually([&] { return holder.read_event().find("\"number\":2") != std::string::npos; }));
}

TEST(Reload, What_cannot_be_changes_nothing) {
  const auto server = opened_by("first");
  Config config = with_token("second");
  config.tls = Tls{.certificate_file = "/nonexistent", .key_file = "/nonexistent", .client_ca_file = ""};
  const auto reloaded = server->reload(config, some_content());
  ASSERT_FALSE(reloaded);
  EXPECT_NE(reloaded.error().message.find("new start"), std::string::npos) << reloaded.error().message;
  EXPECT_EQ(status_for(*server, "first"), 200);
}

}  // namespace
}  // namespace rata::serve
