#include "serve/listener.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "client.h"

namespace rata::serve {
namespace {

std::vector<std::string> all(Listener& listener) {
  std::vector<std::string> events;
  while (const Event event = listener.next()) events.push_back(*event);
  return events;
}

std::string status_event(std::uint64_t number) { return "event: status\ndata: " + status_of(number) + "\n\n"; }

std::string whole(const std::string& view, std::uint64_t revision, const std::string& server = "") {
  return fmt::format("event: {}\nid: {}\ndata: {}\n\n", view, revision, view_json(view, 1, server, revision));
}

std::string newest_rates(std::uint64_t revision) {
  return fmt::format("event: rates\nid: {0}\ndata: {{\"newest\":{0}}}\n\n", revision);
}

struct LiveQueue : testing::Test {
  void publish(std::uint64_t number, bool gap = false) { bulletin.replace(board_of(number), status_of(number), gap); }
  void publish_to(Listener& listener, std::uint64_t number, bool gap = false) {
    publish(number, gap);
    listener.published();
  }

  Bulletin bulletin;
  Tally tally;
};

using Events = std::vector<std::string>;

TEST_F(LiveQueue, Begins_with_everything) {
  publish(1);
  LiveListener listener(bulletin, {.minutes = 1, .server = "ns1"}, tally);
  EXPECT_EQ(all(listener), (Events{status_event(1), whole("rates", 1, "ns1"), whole("top_names", 1, "ns1")}));
  EXPECT_EQ(listener.next(), nullptr);
}

TEST_F(LiveQueue, Goes_on_with_what_is_new) {
  publish(1);
  LiveListener listener(bulletin, {.minutes = 1, .server = ""}, tally);
  all(listener);
  publish_to(listener, 2);
  EXPECT_EQ(all(listener), (Events{newest_rates(2), whole("top_names", 2), status_event(2)}));
  EXPECT_EQ(tally.events_dropped, 0u);
}

TEST_F(LiveQueue, May_begin_before_the_first_publication) {
  LiveListener listener(bulletin, {.minutes = 1, .server = ""}, tally);
  EXPECT_EQ(listener.next(), nullptr);
  publish_to(listener, 1);
  EXPECT_EQ(all(listener), (Events{whole("rates", 1), whole("top_names", 1), status_event(1)}));
}

TEST_F(LiveQueue, Leaves_out_views_that_did_not_change) {
  publish(1);
  LiveListener listener(bulletin, {.minutes = 1, .server = ""}, tally);
  all(listener);
  aggregate::Board board = board_of(2);
  board["rates"] = bulletin.board().at("rates");
  bulletin.replace(board, status_of(2), false);
  listener.published();
  EXPECT_EQ(all(listener), (Events{whole("top_names", 2), status_event(2)}));
}

TEST_F(LiveQueue, Sends_everything_again_after_something_was_overtaken) {
  publish(1);
  LiveListener listener(bulletin, {.minutes = 1, .server = ""}, tally);
  all(listener);
  publish_to(listener, 2);
  publish_to(listener, 3);
  EXPECT_EQ(tally.events_dropped, 3u);
  EXPECT_EQ(all(listener), (Events{whole("rates", 3), whole("top_names", 3), status_event(3)}));
  publish_to(listener, 4);
  EXPECT_EQ(all(listener).front(), newest_rates(4));
  publish_to(listener, 6, true);
  EXPECT_EQ(all(listener).front(), whole("rates", 6));
}

TEST_F(LiveQueue, Holds_no_event_that_waits) {
  publish(1);
  LiveListener listener(bulletin, {.minutes = 1, .server = ""}, tally);
  const std::weak_ptr<const std::string> first =
      bulletin.view_event("rates", {.minutes = 1, .server = ""}, Bulletin::Form::whole);
  EXPECT_FALSE(first.expired());
  publish_to(listener, 2);
  EXPECT_TRUE(first.expired());
}

TEST_F(LiveQueue, Shares_its_events_with_all_who_look_at_the_same) {
  publish(1);
  const Selection selection{.minutes = 1, .server = ""};
  LiveListener one(bulletin, selection, tally), other(bulletin, selection, tally);
  for (int event = 0; event < 3; ++event) EXPECT_EQ(one.next().get(), other.next().get());
}

TEST_F(LiveQueue, Has_no_event_for_a_server_that_a_view_does_not_know) {
  publish(1);
  LiveListener listener(bulletin, {.minutes = 1, .server = "ns2"}, tally);
  EXPECT_EQ(all(listener), (Events{status_event(1)}));
}

TEST_F(LiveQueue, Keeps_a_line_end_inside_the_data_inside_the_event) {
  EXPECT_EQ(format_event("", 0, "[1,\n2]"), "data: [1,\ndata: 2]\n\n");
  EXPECT_EQ(format_event("", 0, ""), "data: \n\n");
}

using OlderQueue = LiveQueue;

TEST_F(OlderQueue, Has_one_event_for_each_publication_that_changes_its_view) {
  publish(1);
  OlderListener listener(bulletin, "top_qnames", 1000, tally);
  EXPECT_EQ(listener.next(), nullptr);
  publish_to(listener, 2);
  publish_to(listener, 2);
  publish_to(listener, 3);
  EXPECT_EQ(all(listener), (Events{"data: [2]\n\n", "data: [3]\n\n"}));
}

TEST_F(OlderQueue, Loses_the_oldest_beyond_its_queue) {
  publish(1);
  const std::size_t two_events = 2 * std::string_view("data: [2]\n\n").size();
  OlderListener listener(bulletin, "top_qnames", two_events, tally);
  for (std::uint64_t number = 2; number <= 9; ++number) publish_to(listener, number);
  EXPECT_EQ(all(listener), (Events{"data: [8]\n\n", "data: [9]\n\n"}));
  EXPECT_EQ(tally.events_dropped, 6u);
}

TEST_F(OlderQueue, Keeps_the_newest_even_if_it_is_larger_than_the_queue) {
  publish(1);
  OlderListener listener(bulletin, "top_qnames", 1, tally);
  publish_to(listener, 2);
  publish_to(listener, 3);
  EXPECT_EQ(all(listener), (Events{"data: [3]\n\n"}));
}

}  // namespace
}  // namespace rata::serve
