#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "client.h"

namespace rata::serve {
namespace {

constexpr std::size_t large_octets = 64 * 1024;

/// Reads to the status event of that number. Returns how many events came; 0: the stream ended before.
std::size_t read_to_status(Client& client, std::uint64_t number) {
  const std::string wanted = status_event(number);
  for (std::size_t count = 1;; ++count) {
    const std::string event = client.read_event();
    if (event == wanted) return count;
    if (event.empty()) return 0;
  }
}

TEST(LiveStream, Sends_everything_at_once_and_then_what_is_new) {
  const auto server = published();
  Client client(server->port());
  const Reply head = client.listen("/api/v1/live?span=5&server=ns1");
  EXPECT_EQ(head.status, 200u);
  EXPECT_EQ(head.headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(head.headers.at("cache-control"), "no-store");
  EXPECT_EQ(head.headers.count("access-control-allow-origin"), 0u);
  EXPECT_EQ(client.read_event(), status_event(1));
  EXPECT_EQ(client.read_event(), event_of("rates", view_json("rates", 5, "ns1", 1)));
  EXPECT_EQ(client.read_event(), event_of("top_names", view_json("top_names", 5, "ns1", 1)));

  publish(*server, board_of(2), status_of(2));
  EXPECT_EQ(client.read_event(), event_of("rates", R"({"newest":2})"));
  EXPECT_EQ(client.read_event(), event_of("top_names", view_json("top_names", 5, "ns1", 2)));
  EXPECT_EQ(client.read_event(), status_event(2));
  EXPECT_EQ(server->counters().streams, 1u);
  EXPECT_EQ(server->counters().events_dropped, 0u);
  // Six events, and after each publication its id.
  EXPECT_TRUE(eventually([&] { return server->counters().events_sent == 8; }));
}

TEST(LiveStream, Sends_only_the_status_when_no_view_changed) {
  const auto server = published();
  Client client(server->port());
  client.listen("/api/v1/live");
  EXPECT_EQ(read_to_status(client, 1), 1u);
  client.read_event();
  client.read_event();
  publish(*server, board_of(1), status_of(2));
  EXPECT_EQ(client.read_event(), status_event(2));
}

TEST(LiveStream, Is_kept_alive_by_comments_and_the_older_is_not) {
  Config config = on_any_port();
  config.comment_interval = std::chrono::milliseconds(20);
  const auto server = published(config);
  Client live(server->port()), older(server->port());
  older.listen("/sse/top_qnames");
  live.listen("/api/v1/live");
  for (int event = 0; event < 3; ++event) live.read_event();
  for (int comment = 0; comment < 3; ++comment) EXPECT_EQ(live.read_event(), ":\n\n");
  publish(*server, board_of(2), status_of(2));
  EXPECT_EQ(older.read_event(), "data: [2]\n\n");
}

TEST(OlderStream, Has_exactly_the_older_form) {
  const auto server = published();
  Client names(server->port()), rates(server->port());
  const Reply head = names.listen("/sse/top_qnames");
  EXPECT_EQ(head.headers.at("content-type"), "text/event-stream");
  rates.listen("/sse/server_data_v2");
  ASSERT_TRUE(eventually([&] { return server->counters().streams == 2; }));

  Board board = board_of(2);
  publish(*server, board, status_of(2));
  EXPECT_EQ(names.read_event(), "data: [2]\n\n");
  board["rates"] = board_of(3)["rates"];
  publish(*server, board, status_of(3));
  EXPECT_EQ(rates.read_event(), "data: [2]\n\n");
  EXPECT_EQ(rates.read_event(), "data: [3]\n\n");
  board["top_names"] = board_of(4)["top_names"];
  publish(*server, board, status_of(4));
  EXPECT_EQ(names.read_event(), "data: [4]\n\n");
}

TEST(SlowClient, Gets_the_newest_and_costs_the_fast_one_nothing) {
  constexpr std::uint64_t last = 1000;
  const auto server = published();
  Client fast(server->port()), slow = Client::slow(server->port());
  fast.listen("/api/v1/live");
  slow.listen("/api/v1/live");
  read_to_status(fast, 1);
  fast.read_event();
  fast.read_event();
  for (std::uint64_t number = 2; number <= last; ++number) {
    publish(*server, board_of(number, large_octets), status_of(number));
    ASSERT_EQ(fast.read_event(), event_of("rates", fmt::format(R"({{"newest":{}}})", number)));
    ASSERT_TRUE(fast.read_event().starts_with("event: top_names\ndata: " + view_json("top_names", 1, "", number)));
    ASSERT_EQ(fast.read_event(), status_event(number));
  }
  EXPECT_GT(server->counters().events_dropped, last);
  EXPECT_GT(read_to_status(slow, last), 3u);
  // 125 MB were published; what the client gets is what the kernel's buffers hold and the newest.
  EXPECT_LT(slow.octets_read(), 4'000'000u);
}

TEST(SlowClient, Of_an_older_stream_loses_the_oldest) {
  constexpr std::uint64_t last = 1000;
  Config config = on_any_port();
  config.client_queue_octets = 4 * large_octets;
  const auto server = published(config);
  Client fast(server->port()), slow = Client::slow(server->port());
  fast.listen("/sse/top_qnames");
  slow.listen("/sse/top_qnames");
  ASSERT_TRUE(eventually([&] { return server->counters().streams == 2; }));
  for (std::uint64_t number = 2; number <= last; ++number) {
    publish(*server, board_of(number, large_octets), status_of(number));
    ASSERT_TRUE(fast.read_event().starts_with(fmt::format("data: [{}]", number)));
  }
  EXPECT_GT(server->counters().events_dropped, last / 2);
  std::uint64_t before = 0, number = 0;
  while (number < last) {
    const std::string event = slow.read_event();
    ASSERT_TRUE(event.starts_with("data: ["));
    number = std::stoull(event.substr(7));
    ASSERT_GT(number, before);
    before = number;
  }
  EXPECT_LT(slow.octets_read(), 4'000'000u);
}

TEST(SlowClient, That_takes_nothing_for_too_long_is_given_up) {
  Config config = on_any_port();
  config.stall_timeout = std::chrono::milliseconds(100);
  const auto server = published(config);
  Client slow = Client::slow(server->port());
  slow.listen("/api/v1/live");
  std::uint64_t number = 1;
  EXPECT_TRUE(eventually([&] {
    ++number;
    publish(*server, board_of(number, large_octets), status_of(number));
    return server->counters().connections == 0;
  }));
}

TEST(VanishedClient, Is_freed) {
  const auto server = published();
  {
    Client quiet(server->port()), reset(server->port()), half(server->port()), stalled = Client::slow(server->port());
    quiet.listen("/api/v1/live");
    reset.listen("/sse/top_qnames");
    half.send("GET / HT");
    stalled.listen("/api/v1/live");
    std::uint64_t number = 1;
    ASSERT_TRUE(eventually([&] {
      ++number;
      publish(*server, board_of(number, large_octets), status_of(number));
      return server->counters().events_dropped > 10;
    }));
    EXPECT_EQ(server->counters().connections, 4u);
    reset.vanish();
    EXPECT_TRUE(eventually([&] { return server->counters().connections == 3; }));
    stalled.vanish();
    EXPECT_TRUE(eventually([&] { return server->counters().connections == 2; }));
  }
  EXPECT_TRUE(eventually([&] { return server->counters().connections == 0; }));
}

TEST(Publish, May_be_called_from_any_thread) {
  const auto server = published();
  Client client(server->port());
  client.listen("/api/v1/live");
  {
    std::vector<std::jthread> publishers;
    for (std::uint64_t publisher = 1; publisher <= 4; ++publisher)
      publishers.emplace_back([&server, publisher] {
        for (std::uint64_t turn = 0; turn < 200; ++turn) {
          publish(*server, board_of(publisher * 1000 + turn), status_of(turn));
          EXPECT_EQ(server->counters().connections, 1u);
        }
      });
  }
  publish(*server, board_of(9999), status_of(9999));
  EXPECT_GT(read_to_status(client, 9999), 0u);
}

TEST(ManyListeners, Get_every_publication) {
  constexpr std::size_t listeners = 200;
  const auto server = published();
  std::vector<Client> clients;
  for (std::size_t count = 0; count < listeners; ++count) {
    clients.emplace_back(server->port()).listen("/api/v1/live");
    ASSERT_EQ(read_to_status(clients.back(), 1), 1u);
  }
  for (std::uint64_t number = 2; number <= 5; ++number) {
    publish(*server, board_of(number), status_of(number));
    for (Client& client : clients) ASSERT_GE(read_to_status(client, number), 3u);
  }
  EXPECT_EQ(server->counters().events_dropped, 0u);
}

}  // namespace
}  // namespace rata::serve
