#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "client.h"
#include "sample_views.h"
#include "serve/bulletin.h"

namespace rata::serve {

Views::Text SampleViews::json(const std::string& name, const Selection& selection) const {
  const std::scoped_lock lock(mutex_);
  asked_.push_back({name, selection});
  std::string text = fmt::format(R"({{"view":"{}","minutes":{},"scope":"{}","addresses":{}}})", name, selection.minutes,
                                 selection.scope.name, static_cast<int>(selection.addresses));
  text.append(padding_octets, ' ');
  return std::make_shared<const std::string>(std::move(text));
}

namespace {

using aggregate::Scope;

struct OnDemand : testing::Test {
  /// Publishes and waits until that is taken over.
  void publish() {
    ++number;
    server->publish(views, status_of(number));
    ASSERT_TRUE(eventually([&] { return Client(server->port()).get("/api/v1/status").body == status_of(number); }));
  }
  std::size_t times_asked(const std::string& view, const Selection& selection) const {
    const auto asked = views->asked();
    return static_cast<std::size_t>(std::ranges::count(asked, SampleViews::Question{view, selection}));
  }

  std::unique_ptr<Server> server = started();
  std::shared_ptr<SampleViews> views = std::make_shared<SampleViews>();
  std::uint64_t number = 0;
};

TEST_F(OnDemand, Nothing_is_made_that_nobody_looks_at) {
  for (int turn = 0; turn < 3; ++turn) {
    views->change(number + 10, number + 10);
    publish();
  }
  EXPECT_TRUE(views->asked().empty());
}

TEST_F(OnDemand, Each_is_made_once_for_a_revision_whoever_looks) {
  publish();
  const Selection europe{.minutes = 5, .scope = Scope::group("europe")};
  Client one(server->port()), other(server->port());
  for (Client* client : {&one, &other}) {
    client->listen("/api/v1/live?span=5&group=europe");
    for (int event = 0; event < 3; ++event) client->read_event();
  }
  for (int turn = 0; turn < 3; ++turn) Client(server->port()).get("/api/v1/views/rates?span=5&group=europe");
  EXPECT_EQ(times_asked("rates", europe), 1u);
  EXPECT_EQ(times_asked("top_clients", europe), 1u);
  EXPECT_EQ(views->asked().size(), 2u);
}

TEST_F(OnDemand, Only_what_changed_is_made_again) {
  publish();
  Client client(server->port());
  client.listen("/api/v1/live?server=ns1");
  for (int event = 0; event < 3; ++event) client.read_event();
  views->change(2, 1);
  publish();
  EXPECT_TRUE(client.read_event().starts_with("event: rates\n"));
  EXPECT_EQ(client.read_event(), status_event(2));
  Client(server->port()).get("/api/v1/views/top_clients?server=ns1");
  const Selection ns1{.minutes = 1, .scope = Scope::server("ns1")};
  EXPECT_EQ(times_asked("rates", ns1), 2u);
  EXPECT_EQ(times_asked("top_clients", ns1), 1u);
}

TEST(Texts, That_are_kept_for_others_are_bounded) {
  const auto views = std::make_shared<SampleViews>();
  views->padding_octets = 24 * 1024 * 1024;
  Bulletin bulletin("epoch");
  bulletin.replace(views, status_of(1));
  const auto look = [&](unsigned minutes) { return bulletin.view("rates", {.minutes = minutes}); };
  const Views::Text first = look(1);
  look(2);
  EXPECT_EQ(look(1), first);
  EXPECT_EQ(views->asked().size(), 2u);
  look(3);  // 72 MiB: too much to keep
  EXPECT_NE(look(1), first);
  EXPECT_EQ(first->size(), look(1)->size());
  EXPECT_EQ(views->asked().size(), 4u);
}

TEST_F(OnDemand, Groups_and_servers_are_asked_for_by_name) {
  publish();
  Client client(server->port());
  EXPECT_EQ(client.get("/api/v1/views/rates?group=europe").body,
            R"({"view":"rates","minutes":1,"scope":"europe","addresses":2})");
  EXPECT_EQ(client.get("/api/v1/views/rates?group=&server=ns1&span=5").body,
            R"({"view":"rates","minutes":5,"scope":"ns1","addresses":2})");
  EXPECT_EQ(client.get("/api/v1/live?group=asia").body, R"({"error":"no group \"asia\"; there are europe"})");
  EXPECT_EQ(client.get("/api/v1/live?server=ns2").body, R"({"error":"no server \"ns2\"; there are ns1"})");
  EXPECT_EQ(client.get("/api/v1/views/rates?server=ns1&group=europe").status, 400u);
}

TEST_F(OnDemand, A_lost_connection_is_taken_up_again) {
  publish();
  std::string id;
  {
    Client client(server->port());
    client.listen("/api/v1/live");
    for (int event = 0; event < 3; ++event) client.read_event();
    views->change(2, 1);
    publish();
    client.read_event();
    client.read_event();
    id = client.last_event_id();  // of the first publication: the second one's is not read yet
  }
  ASSERT_TRUE(id.ends_with("-1")) << id;
  views->change(2, 2);
  publish();
  Client again(server->port());
  again.listen("/api/v1/live", "Last-Event-ID: " + id + "\r\n");
  EXPECT_EQ(again.read_event(), status_event(3));
  EXPECT_TRUE(again.read_event().starts_with("event: rates\n"));
  EXPECT_TRUE(again.read_event().starts_with("event: top_clients\n"));
  const std::string at_two = id.substr(0, id.size() - 1) + "2";
  Client later(server->port());
  later.listen("/api/v1/live", "Last-Event-ID: " + at_two + "\r\n");
  EXPECT_EQ(later.read_event(), status_event(3));
  EXPECT_TRUE(later.read_event().starts_with("event: top_clients\n"));
  EXPECT_EQ(later.read_to("\n\n"), "id: " + id.substr(0, id.size() - 1) + "3\n\n");

  const auto elsewhere = started();
  elsewhere->publish(views, status_of(1));
  Client stranger(elsewhere->port());
  ASSERT_TRUE(eventually([&] { return Client(elsewhere->port()).get("/api/v1/status").status == 200; }));
  stranger.listen("/api/v1/live", "Last-Event-ID: " + id + "\r\n");
  EXPECT_EQ(stranger.read_event(), status_event(1));
  EXPECT_TRUE(stranger.read_event().starts_with("event: rates\n"));
}

TEST(Origins, Are_closed_unless_configured) {
  const auto ask = [](const Config& config, std::string_view method, std::string_view target) {
    const auto server = published(config);
    return Client(server->port()).request(method, target, "Origin: https://wall.example\r\n").headers;
  };
  Config config = on_any_port();
  for (const auto* target : {"/api/v1/status", "/servers_location", "/sse/server_data", "/api/v1/live"})
    EXPECT_FALSE(ask(config, "GET", target).contains("access-control-allow-origin")) << target;

  config.older_open = true;
  for (const auto* target : {"/servers_location", "/sse/server_data"})
    EXPECT_EQ(ask(config, "GET", target).at("access-control-allow-origin"), "*") << target;
  EXPECT_FALSE(ask(config, "GET", "/api/v1/status").contains("access-control-allow-origin"));

  config.allow_origins = {"https://other.example"};
  EXPECT_FALSE(ask(config, "GET", "/api/v1/status").contains("access-control-allow-origin"));
  EXPECT_EQ(ask(config, "OPTIONS", "/api/v1/status").at("allow"), "GET, HEAD");
  config.allow_origins.emplace_back("https://wall.example");
  for (const auto* target : {"/api/v1/status", "/api/v1/live", "/api/v1/nothing"}) {
    const auto headers = ask(config, "GET", target);
    EXPECT_EQ(headers.at("access-control-allow-origin"), "https://wall.example") << target;
    EXPECT_EQ(headers.at("vary"), "Origin");
  }
  const auto preflight = ask(config, "OPTIONS", "/api/v1/status");
  EXPECT_EQ(preflight.at("access-control-allow-origin"), "https://wall.example");
  EXPECT_NE(preflight.at("access-control-allow-headers").find("Authorization"), std::string::npos);
}

}  // namespace
}  // namespace rata::serve
