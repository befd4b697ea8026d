#include "reduce/pairing.h"

#include <gtest/gtest.h>

#include <random>

#include "support/packets.h"

namespace rata::reduce {
namespace {

using tests::Packets;

class PairingTest : public ::testing::Test {
 protected:
  void add(const Packets::What& what) { pairing_.add(packets_.make(what)); }

  Packets packets_;
  Pairing pairing_;
};

TEST_F(PairingTest, A_response_belongs_to_its_query) {
  add({.time = 1, .id = 7});
  add({.response = true, .time = 1.002, .id = 7});
  pairing_.finish();
  EXPECT_EQ(pairing_.latency_udp().count(), 1u);
  EXPECT_NEAR(pairing_.latency_udp().quantile(0.5), 2e6, 1e4);
  EXPECT_EQ(pairing_.unanswered(), 0u);
  EXPECT_EQ(pairing_.unasked(), 0u);
}

TEST_F(PairingTest, Case_of_the_name_does_not_matter) {
  add({.name = "wWw.Example", .time = 1});
  add({.name = "www.example", .response = true, .time = 1.1});
  EXPECT_EQ(pairing_.latency_udp().count(), 1u);
}

TEST_F(PairingTest, What_differs_does_not_pair) {
  const Packets::What query{.time = 1, .id = 7};
  Packets::What cases[] = {
      {.response = true, .time = 1.1, .id = 8},
      {.qtype = 28, .response = true, .time = 1.1, .id = 7},
      {.name = "b.example", .response = true, .time = 1.1, .id = 7},
      {.response = true, .client = "192.0.2.2", .time = 1.1, .id = 7},
      {.response = true, .time = 1.1, .id = 7, .client_port = 5001},
      {.name = "", .response = true, .time = 1.1, .id = 7},
      {.response = true, .time = 36.1, .id = 7},  // past all patience
      {.response = true, .time = -4.1, .id = 7},  // stamped long before it
  };
  for (const auto& response : cases) {
    Pairing pairing;
    pairing.add(packets_.make(query));
    pairing.add(packets_.make(response));
    pairing.finish();
    EXPECT_EQ(pairing.latency_udp().count(), 0u);
    EXPECT_EQ(pairing.unanswered(), 1u);
    EXPECT_EQ(pairing.unasked(), 1u);
  }
}

TEST_F(PairingTest, Tcp_is_kept_apart_and_not_called_unanswered) {
  add({.time = 1, .id = 7, .tcp = true});
  add({.response = true, .time = 1.1, .id = 7});
  pairing_.finish();
  EXPECT_EQ(pairing_.unanswered(), 0u);
  EXPECT_EQ(pairing_.unasked(), 1u);
  EXPECT_EQ(pairing_.latency_tcp().count(), 0u);
}

TEST_F(PairingTest, A_late_response_is_late_and_its_query_unanswered) {
  add({.time = 1});
  add({.response = true, .time = 6.1});
  add({.response = true, .time = 6.2});
  pairing_.finish();
  EXPECT_EQ(pairing_.late(), 1u);
  EXPECT_EQ(pairing_.unanswered(), 1u);
  EXPECT_EQ(pairing_.unasked(), 1u);
  EXPECT_EQ(pairing_.latency_udp().count(), 0u);
}

TEST_F(PairingTest, A_response_that_stands_before_its_query_still_pairs) {
  add({.response = true, .time = 1.002});
  add({.time = 1});
  EXPECT_NEAR(pairing_.latency_udp().quantile(0.5), 2e6, 1e4);
  add({.response = true, .time = 2, .id = 8});
  add({.time = 2.5, .id = 8});  // too far from it
  pairing_.finish();
  EXPECT_EQ(pairing_.latency_udp().count(), 1u);
  EXPECT_EQ(pairing_.unasked(), 1u);
  EXPECT_EQ(pairing_.unanswered(), 1u);
}

TEST_F(PairingTest, A_clock_that_steps_back_does_not_part_them) {
  add({.time = 5});
  add({.response = true, .time = 4});
  pairing_.finish();
  EXPECT_EQ(pairing_.latency_udp().count(), 1u);
  EXPECT_EQ(pairing_.latency_udp().max(), 0u);
}

TEST_F(PairingTest, A_query_equal_to_one_that_waits_is_a_retry) {
  add({.time = 1});
  add({.time = 2});
  add({.response = true, .time = 2.1});
  add({.time = 2.2});  // the second is still waiting
  add({.time = 20});   // nobody waits any more
  add({.time = 1, .tcp = true});
  add({.time = 1, .tcp = true});
  pairing_.finish();
  EXPECT_EQ(pairing_.retried(), 2u);
  EXPECT_EQ(pairing_.unanswered(), 3u);
}

TEST_F(PairingTest, Every_message_is_in_one_figure_whatever_the_order) {
  std::mt19937 random(7);
  for (const std::size_t limit : {64u, 1u << 18}) {
    Pairing pairing(limit);
    std::uint64_t queries = 0, responses = 0;
    for (int i = 0; i < 50'000; ++i) {
      const bool response = random() % 2 != 0;
      ++(response ? responses : queries);
      pairing.add(packets_.make({.response = response,
                                 .time = i * 1e-3 + static_cast<double>(random() % 40'000) * 1e-3,
                                 .id = static_cast<std::uint16_t>(random() % 5000)}));
    }
    pairing.finish();
    const std::uint64_t pairs = pairing.latency_udp().count();
    EXPECT_GT(pairs, 0u);
    EXPECT_EQ(queries, pairs + pairing.unanswered());
    EXPECT_EQ(responses, pairs + pairing.late() + pairing.unasked());
  }
}

TEST_F(PairingTest, Of_equal_queries_the_oldest_is_answered_first) {
  add({.time = 1});
  add({.time = 2});
  add({.response = true, .time = 2.5});
  EXPECT_NEAR(pairing_.latency_udp().quantile(0.5), 1.5e9, 1e7);
  add({.response = true, .time = 2.5});
  pairing_.finish();
  EXPECT_EQ(pairing_.latency_udp().count(), 2u);
  EXPECT_EQ(pairing_.unanswered(), 0u);
}

TEST_F(PairingTest, Many_queries_in_any_order_of_answers_all_pair) {
  std::mt19937 random(3);
  std::vector<Packets::What> waiting;
  std::uint64_t unanswered = 0, answered = 0;
  for (int i = 0; i < 60'000; ++i) {
    const double time = i * 1e-4;
    Packets::What query{
        .client = "192.0.2." + std::to_string(random() % 256), .time = time, .id = static_cast<std::uint16_t>(i)};
    add(query);
    if (random() % 10 == 0) {
      ++unanswered;
    } else {
      query.response = true;
      waiting.push_back(query);
    }
    if (waiting.size() > 500) {
      std::swap(waiting[random() % waiting.size()], waiting.back());
      waiting.back().time = time;
      add(waiting.back());
      waiting.pop_back();
      ++answered;
    }
  }
  pairing_.finish();
  EXPECT_EQ(pairing_.latency_udp().count(), answered);
  EXPECT_EQ(pairing_.unanswered(), unanswered + waiting.size());
  EXPECT_EQ(pairing_.unasked(), 0u);
}

TEST_F(PairingTest, Of_a_flood_of_one_query_only_the_newest_wait) {
  for (int i = 0; i < 200'000; ++i) add({.time = 1 + i * 1e-6});
  for (std::size_t i = 0; i < Pairing::max_equal + 5; ++i) add({.response = true, .time = 1.3});
  pairing_.finish();
  EXPECT_EQ(pairing_.latency_udp().count(), Pairing::max_equal);
  EXPECT_EQ(pairing_.unanswered(), 200'000 - Pairing::max_equal);
  EXPECT_EQ(pairing_.unasked(), 5u);
}

TEST_F(PairingTest, A_flood_of_unanswered_queries_stays_bounded_and_counted) {
  Pairing pairing(1000);
  for (int i = 0; i < 100'000; ++i)
    pairing.add(packets_.make({.time = 1 + i * 1e-9, .id = static_cast<std::uint16_t>(i)}));
  pairing.finish();
  EXPECT_EQ(pairing.unanswered(), 100'000u);
}

}  // namespace
}  // namespace rata::reduce
