#include "serve/listener.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "board_views.h"
#include "client.h"

namespace rata::serve {
namespace {

using aggregate::Scope;

std::vector<std::string> all(Listener& listener) {
  std::vector<std::string> events;
  while (const Event event = listener.next()) events.push_back(*event);
  return events;
}

std::string whole(const std::string& view, std::uint64_t revision, const std::string& server = "") {
  return event_of(view, view_json(view, 1, server, revision));
}

std::string newest_rates(std::uint64_t revision) {
  return event_of("rates", fmt::format(R"({{"newest":{}}})", revision));
}

std::string id(std::uint64_t publication) { return fmt::format("epoch-{}", publication); }
std::string mark(std::uint64_t publication) { return "id: " + id(publication) + "\n\n"; }

const Selection total{.minutes = 1};

struct LiveQueue : testing::Test {
  void publish(Board board, std::uint64_t number) {
    views = std::make_shared<BoardViews>(std::move(board));
    bulletin.replace(views, status_of(number));
  }
  void publish(std::uint64_t number) { publish(board_of(number), number); }
  void publish_to(Listener& listener, std::uint64_t number) {
    publish(number);
    listener.published();
  }

  std::shared_ptr<const BoardViews> views;
  Bulletin bulletin{"epoch"};
  Tally tally;
};

using Events = std::vector<std::string>;

TEST_F(LiveQueue, Begins_with_everything) {
  publish(1);
  LiveListener listener(bulletin, {.minutes = 1, .scope = Scope::server("ns1")}, "", tally);
  EXPECT_EQ(all(listener), (Events{status_event(1), whole("rates", 1, "ns1"), whole("top_names", 1, "ns1"), mark(1)}));
  EXPECT_EQ(listener.next(), nullptr);
}

TEST_F(LiveQueue, Goes_on_with_what_is_new) {
  publish(1);
  LiveListener listener(bulletin, total, "", tally);
  all(listener);
  publish_to(listener, 2);
  EXPECT_EQ(all(listener), (Events{newest_rates(2), whole("top_names", 2), status_event(2), mark(2)}));
  EXPECT_EQ(tally.events_dropped, 0u);
}

TEST_F(LiveQueue, May_begin_before_the_first_publication) {
  LiveListener listener(bulletin, total, "", tally);
  EXPECT_EQ(listener.next(), nullptr);
  publish_to(listener, 1);
  EXPECT_EQ(all(listener), (Events{whole("rates", 1), whole("top_names", 1), status_event(1), mark(1)}));
}

TEST_F(LiveQueue, Leaves_out_views_that_did_not_change) {
  publish(1);
  LiveListener listener(bulletin, total, "", tally);
  all(listener);
  Board board = board_of(2);
  board["rates"] = board_of(1).at("rates");
  publish(board, 2);
  listener.published();
  EXPECT_EQ(all(listener), (Events{whole("top_names", 2), status_event(2), mark(2)}));
}

TEST_F(LiveQueue, Sends_everything_again_after_something_was_overtaken) {
  publish(1);
  LiveListener listener(bulletin, total, "", tally);
  all(listener);
  publish_to(listener, 2);
  publish_to(listener, 3);
  EXPECT_EQ(tally.events_dropped, 3u);
  EXPECT_EQ(all(listener), (Events{whole("rates", 3), whole("top_names", 3), status_event(3), mark(3)}));
  publish_to(listener, 4);
  EXPECT_EQ(all(listener).front(), newest_rates(4));
  publish(5);  // which the server's thread did not take over
  publish_to(listener, 6);
  EXPECT_EQ(all(listener).front(), whole("rates", 6));
}

TEST_F(LiveQueue, Holds_no_event_that_waits) {
  publish(1);
  LiveListener listener(bulletin, total, "", tally);
  const std::weak_ptr<const std::string> first = bulletin.view_event("rates", total, 0);
  EXPECT_FALSE(first.expired());
  publish_to(listener, 2);
  EXPECT_TRUE(first.expired());
}

TEST_F(LiveQueue, Shares_its_events_with_all_who_look_at_the_same) {
  publish(1);
  LiveListener one(bulletin, total, "", tally), other(bulletin, total, "", tally);
  for (int event = 0; event < 4; ++event) EXPECT_EQ(one.next().get(), other.next().get());
}

TEST_F(LiveQueue, Has_no_event_for_a_server_that_a_view_does_not_know) {
  publish(1);
  LiveListener listener(bulletin, {.minutes = 1, .scope = Scope::server("ns2")}, "", tally);
  EXPECT_EQ(all(listener), (Events{status_event(1), mark(1)}));
}

TEST_F(LiveQueue, Keeps_a_line_end_inside_the_data_inside_the_event) {
  EXPECT_EQ(format_event("", "[1,\n2]"), "data: [1,\ndata: 2]\n\n");
  EXPECT_EQ(format_event("", ""), "data: \n\n");
}

TEST_F(LiveQueue, Tells_its_id_only_to_who_has_everything) {
  publish(1);
  LiveListener listener(bulletin, total, "", tally);
  listener.next();
  publish_to(listener, 2);
  const Events events = all(listener);
  EXPECT_EQ(std::ranges::count_if(events, [](const std::string& event) { return event.starts_with("id: "); }), 1);
  EXPECT_EQ(events.back(), mark(2));
}

TEST_F(LiveQueue, Goes_on_where_a_client_was_lost) {
  publish(1);
  publish(2);
  Board board = board_of(3);
  board["rates"] = board_of(2).at("rates");
  publish(board, 3);
  LiveListener missed_one(bulletin, total, id(2), tally), missed_nothing(bulletin, total, id(3), tally);
  EXPECT_EQ(all(missed_one), (Events{status_event(3), whole("top_names", 3), mark(3)}));
  EXPECT_EQ(all(missed_nothing), Events{});
  board = board_of(4);
  board["rates"] = board_of(3).at("rates");
  publish(board, 4);
  missed_nothing.published();
  EXPECT_EQ(all(missed_nothing), (Events{newest_rates(3), whole("top_names", 4), status_event(4), mark(4)}));
}

TEST_F(LiveQueue, Goes_on_with_the_newest_only_where_that_joins) {
  publish(1);
  publish(2);
  publish(3);
  LiveListener joins(bulletin, total, id(2), tally), does_not(bulletin, total, id(1), tally);
  EXPECT_EQ(all(joins), (Events{status_event(3), newest_rates(3), whole("top_names", 3), mark(3)}));
  EXPECT_EQ(all(does_not), (Events{status_event(3), whole("rates", 3), whole("top_names", 3), mark(3)}));
}

TEST_F(LiveQueue, Begins_anew_after_an_id_that_says_nothing) {
  for (std::uint64_t number = 1; number <= 100; ++number) publish(number);
  const Events everything{status_event(100), whole("rates", 100), whole("top_names", 100), mark(100)};
  for (const std::string& last : {id(101), id(1), std::string("other-100"), std::string("epoch-"), std::string("epoch"),
                                  std::string("epoch-99x"), std::string("epoch-99999999999999999999")}) {
    LiveListener listener(bulletin, total, last, tally);
    EXPECT_EQ(all(listener), everything) << last;
  }
  LiveListener known(bulletin, total, id(99), tally);
  EXPECT_EQ(all(known)[1], newest_rates(100));
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
