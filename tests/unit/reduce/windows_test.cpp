#include "reduce/windows.h"

#include <gtest/gtest.h>

#include "support/packets.h"
#include "support/windows.h"

namespace rata::reduce {
namespace {

using tests::Packets;

/// Feeds times one by one, as the intake does, and collects the closed windows as [start, packets, late].
class WindowsTest : public ::testing::Test {
 protected:
  void open(const WindowConfig& config, std::size_t shards = 1) {
    context_.shards = shards;
    auto made = Windows::make(
        config, {{.type = "QueriesPerSecond"}}, context_, Budget::unlimited, [this](ClosingWindow& closing) {
          tests::ClosedWindow window(closing);
          closed_.push_back(
              {util::seconds_between({0}, window.window.start), window.window.packets, window.window.late});
          unfinished_.push_back(window.window.unfinished);
          rates_.push_back(std::get<summary::Rates>(window.data.at(0)).members.at(0));
        });
    ASSERT_TRUE(made);
    windows_ = std::move(*made);
    shards_ = shards;
  }

  void feed(const std::vector<double>& times) {
    for (const double time : times) {
      const Packet packet = packets_.make({.time = time});
      if (packet.time > watermark_) {
        watermark_ = packet.time;
        if (watermark_ >= next_) next_ = windows_->advance(watermark_);
      }
      windows_->add(fed_++ % shards_, {&packet, 1});
    }
  }

  struct Closed {
    double start;
    std::uint64_t packets, late;
    bool operator==(const Closed&) const = default;
  };
  friend void PrintTo(const Closed& closed, std::ostream* out) {
    *out << closed.start << ": " << closed.packets << ", " << closed.late << " late";
  }

  Packets packets_;
  Context context_;
  std::unique_ptr<Windows> windows_;
  std::size_t shards_ = 1, fed_ = 0;
  util::Time watermark_{INT64_MIN}, next_{INT64_MIN};
  std::vector<Closed> closed_;
  std::vector<bool> unfinished_;
  std::vector<summary::Rate> rates_;
};

TEST_F(WindowsTest, By_time_they_are_aligned_and_close_one_window_late) {
  open({.seconds = 1});
  feed({10.2, 10.9, 11.1});
  EXPECT_TRUE(closed_.empty());
  feed({12.0});
  EXPECT_EQ(closed_, (std::vector<Closed>{{10, 2, 0}}));
  windows_->finish();
  EXPECT_EQ(closed_, (std::vector<Closed>{{10, 2, 0}, {11, 1, 0}, {12, 1, 0}}));
  EXPECT_EQ(rates_[0].per_second(), 2);
}

TEST_F(WindowsTest, What_closes_since_the_input_ended_says_so) {
  open({.seconds = 1});
  feed({10.2, 11.1, 12.0});
  windows_->finish();
  EXPECT_EQ(unfinished_, (std::vector<bool>{false, true, true})) << "something may still come for 11";
  open({.packets = 2, .flush = true});
  feed({13, 14, 15});
  windows_->finish();
  EXPECT_EQ(std::vector<bool>(unfinished_.begin() + 3, unfinished_.end()), (std::vector<bool>{false, true}));
}

TEST_F(WindowsTest, A_late_packet_counts_while_its_window_waits_and_is_counted_late_after) {
  open({.seconds = 1});
  feed({10.5, 11.5, 10.6, 12.0, 10.7, 11.9});
  windows_->finish();
  EXPECT_EQ(closed_, (std::vector<Closed>{{10, 2, 0}, {11, 2, 1}, {12, 1, 0}}));
  EXPECT_EQ(windows_->late(), 1u);
}

TEST_F(WindowsTest, A_packet_before_the_first_one_counts_while_lateness_allows) {
  open({.seconds = 1});
  feed({10.1, 9.9, 8.9, 12.5});
  windows_->finish();
  EXPECT_EQ(closed_, (std::vector<Closed>{{9, 1, 1}, {10, 1, 0}, {11, 0, 0}, {12, 1, 0}}));
}

TEST_F(WindowsTest, Seconds_with_frames_but_no_message_are_windows_too) {
  open({.seconds = 1});
  for (int second = 100; second < 105; ++second) windows_->advance(util::from_seconds(second));
  watermark_ = util::from_seconds(104);
  feed({105});
  windows_->finish();
  EXPECT_EQ(closed_,
            (std::vector<Closed>{{100, 0, 0}, {101, 0, 0}, {102, 0, 0}, {103, 0, 0}, {104, 0, 0}, {105, 1, 0}}));
}

TEST_F(WindowsTest, Lateness_can_be_none) {
  open({.seconds = 2, .lateness_seconds = 0});
  feed({10, 11.9, 12, 11.95});
  EXPECT_EQ(closed_, (std::vector<Closed>{{10, 2, 0}}));
  windows_->finish();
  EXPECT_EQ(closed_.back(), (Closed{12, 1, 1}));
}

TEST_F(WindowsTest, Gaps_are_sent_empty_up_to_a_bound) {
  open({.seconds = 1});
  feed({10, 15, 15 + 2.0 * Windows::max_gap_windows});
  windows_->finish();
  ASSERT_EQ(closed_.size(), 7u);
  EXPECT_EQ(closed_[1], (Closed{11, 0, 0}));
  EXPECT_EQ(closed_[5], (Closed{15, 1, 0}));
  EXPECT_EQ(closed_[6], (Closed{15 + 2.0 * Windows::max_gap_windows, 1, 0}));
  EXPECT_EQ(windows_->gap_windows(), 2u * Windows::max_gap_windows - 2);
}

TEST_F(WindowsTest, Times_before_1970_have_windows_too) {
  open({.seconds = 10});
  feed({-15, -5, 5});
  windows_->finish();
  EXPECT_EQ(closed_, (std::vector<Closed>{{-20, 1, 0}, {-10, 1, 0}, {0, 1, 0}}));
}

TEST_F(WindowsTest, Shards_give_the_same_windows_as_one) {
  std::vector<double> times;
  for (int i = 0; i < 500; ++i) times.push_back(10 + i * 0.013 - (i % 7 == 0 ? 0.9 : 0));
  open({.seconds = 1});
  feed(times);
  windows_->finish();
  const auto expected = closed_;
  for (const std::size_t shards : {2u, 8u}) {
    closed_.clear();
    watermark_ = next_ = {INT64_MIN};
    open({.seconds = 1}, shards);
    feed(times);
    windows_->finish();
    EXPECT_EQ(closed_, expected);
  }
}

TEST_F(WindowsTest, By_count_each_has_exactly_as_many_packets_and_the_last_is_kept_back) {
  open({.packets = 3});
  feed({10, 11, 12, 14, 14.5, 16, 20});
  windows_->finish();
  EXPECT_EQ(closed_, (std::vector<Closed>{{10, 3, 0}, {12, 3, 0}}));
  // Elapsed: first to last packet, then from the end of the window before.
  EXPECT_DOUBLE_EQ(rates_[0].seconds, 2);
  EXPECT_DOUBLE_EQ(rates_[1].seconds, 4);
}

TEST_F(WindowsTest, By_count_the_last_is_sent_on_request) {
  open({.packets = 3, .flush = true});
  feed({10, 11, 12, 14});
  windows_->finish();
  EXPECT_EQ(closed_, (std::vector<Closed>{{10, 3, 0}, {12, 1, 0}}));
}

TEST_F(WindowsTest, By_count_packets_of_one_moment_give_the_rate_zero) {
  open({.packets = 2});
  feed({10, 10});
  ASSERT_EQ(rates_.size(), 1u);
  EXPECT_EQ(rates_[0].per_second(), 0);
}

TEST(WindowsOfMalformed, Malformed_messages_fall_into_the_windows_that_are_open_and_move_none) {
  const Context context;
  Packets packets;
  std::vector<std::string> closed;
  const auto on_closed = [&](ClosingWindow& closing) {
    tests::ClosedWindow window(closing);
    closed.push_back(std::to_string(window.window.packets) + " " + summary::data_json(window.data.at(0)).dump());
  };
  const auto malformed_at = [](double time) {
    return MalformedMessage{.reason = dns::Malformed::cut_name,
                            .source = Packets::address("192.0.2.1"),
                            .time = {static_cast<std::int64_t>(time * 1e9)}};
  };
  const ReducerConfig reducer{.type = "MalformedQueries"};

  auto by_time = std::move(*Windows::make({.seconds = 1}, {reducer}, context, Budget::unlimited, on_closed));
  by_time->advance({10 * util::ns_per_second});
  by_time->add_malformed(0, malformed_at(10.5));
  by_time->add_malformed(0, malformed_at(5));  // too late
  by_time->finish();
  EXPECT_EQ(closed, std::vector<std::string>{R"(0 {"cut_name":{"192.0.2.1":1}})"});

  // A window before that of the first packet is open for what comes late: it is sent when only such a message came, and
  // what was in it does not come back in a later one.
  closed.clear();
  auto early = std::move(*Windows::make({.seconds = 1}, {reducer}, context, Budget::unlimited, on_closed));
  early->advance({10 * util::ns_per_second});
  early->add_malformed(0, malformed_at(9.5));
  early->advance({12 * util::ns_per_second});
  early->advance({14 * util::ns_per_second});
  early->finish();
  EXPECT_EQ(closed,
            (std::vector<std::string>{R"(0 {"cut_name":{"192.0.2.1":1}})", "0 {}", "0 {}", "0 {}", "0 {}", "0 {}"}));

  closed.clear();
  auto by_count = std::move(*Windows::make({.packets = 2}, {reducer}, context, Budget::unlimited, on_closed));
  by_count->add_malformed(0, malformed_at(1));
  const std::vector<Packet> some = {packets.make({.time = 2}), packets.make({.time = 3})};
  by_count->add(0, std::span(some).first(1));
  by_count->add_malformed(0, malformed_at(2.5));
  by_count->add(0, std::span(some).last(1));
  EXPECT_EQ(closed, std::vector<std::string>{R"(2 {"cut_name":{"192.0.2.1":2}})"});
}

}  // namespace
}  // namespace rata::reduce
