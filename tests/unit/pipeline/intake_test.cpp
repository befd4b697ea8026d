#include "pipeline/intake.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

namespace rata::pipeline {
namespace {

using capture::Frame;

/// Remembers the ids of the messages it gets, and that they come before packet time moves past them.
class Collector final : public PacketSink {
 public:
  void add(std::size_t, std::size_t, std::span<const reduce::Packet> batch) override {
    for (const reduce::Packet& packet : batch) {
      ids.push_back(packet.message.id);
      EXPECT_LE(packet.time, advanced_to + second);
    }
  }
  util::Time advance(util::Time watermark) override {
    advanced_to = {watermark.ns / util::ns_per_second * util::ns_per_second};
    return advanced_to + second;
  }

  std::vector<std::uint16_t> ids;

 private:
  struct Second {
    friend util::Time operator+(util::Time time, Second) { return {time.ns + util::ns_per_second}; }
  };
  static constexpr Second second{};
  util::Time advanced_to{};
};

class IntakeTest : public ::testing::Test {
 protected:
  /// A query with an id over UDP in raw IPv4.
  Frame query(std::uint16_t id, double seconds) {
    std::vector<std::uint8_t>& octets = octets_.emplace_back(
        std::vector<std::uint8_t>{0x45, 0,    0, 45, 0, 1,  0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 53,  // IPv4
                                  0x13, 0x88, 0, 53, 0, 25, 0, 0,                                             // UDP
                                  0,    0,    1, 0,  0, 1,  0, 0, 0,  0,  0, 0, 0,   0, 1, 0, 1});            // . A IN
    octets[28] = static_cast<std::uint8_t>(id >> 8);
    octets[29] = static_cast<std::uint8_t>(id);
    return {.octets = octets,
            .time = {static_cast<std::int64_t>(seconds * 1e9)},
            .ordinal = id,
            .original_length = static_cast<std::uint32_t>(octets.size()),
            .link = capture::LinkType::Raw};
  }

  std::deque<std::vector<std::uint8_t>> octets_;
  Collector collector_;
};

TEST_F(IntakeTest, How_the_input_is_cut_into_reads_changes_nothing) {
  std::vector<Frame> frames;
  for (std::uint16_t id = 0; id < 700; ++id) frames.push_back(query(id, 100 + id * 0.01));
  std::vector<std::uint16_t> expected;
  for (const std::size_t cut : {std::size_t{700}, std::size_t{1}, std::size_t{7}, std::size_t{256}}) {
    Collector collector;
    Intake intake({.shards = 1}, collector);
    for (std::size_t at = 0; at < frames.size(); at += cut)
      intake.add(std::span(frames).subspan(at, std::min(cut, frames.size() - at)));
    EXPECT_TRUE(intake.finish());
    if (expected.empty()) expected = collector.ids;
    EXPECT_EQ(collector.ids, expected);
  }
  EXPECT_EQ(expected.size(), 700u);
}

TEST_F(IntakeTest, The_clock_moves_packet_time_only_where_that_is_of_now) {
  Intake intake({.shards = 1, .guard_time = true}, collector_);
  intake.tick(util::from_seconds(5));
  EXPECT_EQ(intake.watermark().ns, INT64_MIN) << "nothing has come yet";
  intake.add(std::vector{query(1, 100)});
  intake.tick(util::from_seconds(90));
  EXPECT_EQ(intake.watermark(), util::from_seconds(100));
  intake.tick(util::from_seconds(110));
  EXPECT_EQ(intake.watermark(), util::from_seconds(110));
  intake.tick(util::from_seconds(110 + 86'401));
  EXPECT_EQ(intake.watermark(), util::from_seconds(110)) << "a recording played to a live source";
}

/// A query for the root with an envelope, as a source of messages hands it over.
struct Enveloped {
  std::vector<std::uint8_t> octets = {0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};
  std::string client;
  capture::Envelope envelope;

  Frame frame(double seconds) const {
    return {.octets = octets,
            .time = {static_cast<std::int64_t>(seconds * 1e9)},
            .ordinal = 0,
            .original_length = 17,
            .link = capture::LinkType::Dnstap,
            .envelope = &envelope};
  }
};

TEST_F(IntakeTest, A_message_without_time_before_any_time_is_in_no_window) {
  Enveloped timeless;
  timeless.envelope.lacks.add(util::Member::time);
  for (const bool by_time : {true, false}) {
    Collector collector;
    Intake intake({.shards = 1, .guard_time = true, .needs_time = by_time}, collector);
    intake.add(std::vector{timeless.frame(0)});
    EXPECT_EQ(intake.books().no_time, by_time ? 1u : 0u);
    intake.add(std::vector{query(1, 100), timeless.frame(100)});
    EXPECT_TRUE(intake.finish());
    EXPECT_EQ(collector.ids.size(), by_time ? 2u : 3u);
    EXPECT_TRUE(intake.books().balanced());
  }
}

TEST_F(IntakeTest, A_message_without_time_does_not_believe_the_stamp_that_waits) {
  Enveloped timeless;
  timeless.envelope.lacks.add(util::Member::time);
  Intake intake({.shards = 1, .guard_time = true, .needs_time = true}, collector_);
  // The source carries on the time of the message before, which is held for being implausible.
  intake.add(std::vector{query(1, 100), query(2, 4e9), timeless.frame(4e9), query(3, 101)});
  EXPECT_TRUE(intake.finish());
  EXPECT_EQ(collector_.ids, (std::vector<std::uint16_t>{1, 9, 3}));
  EXPECT_EQ(intake.watermark(), util::from_seconds(101));
  EXPECT_EQ(intake.books().implausible_time, 1u);
  EXPECT_TRUE(intake.books().balanced());
}

TEST_F(IntakeTest, The_envelope_of_a_message_that_waits_outlives_the_read) {
  std::vector<std::string> clients;
  struct Texts final : PacketSink {
    explicit Texts(std::vector<std::string>& texts) : into(texts) {}
    void add(std::size_t, std::size_t, std::span<const reduce::Packet> batch) override {
      for (const reduce::Packet& packet : batch) into.emplace_back(packet.client_text);
    }
    util::Time advance(util::Time watermark) override { return {watermark.ns + 1}; }
    std::vector<std::string>& into;
  } sink(clients);
  Intake intake({.shards = 1, .guard_time = true}, sink);
  intake.add(std::vector{query(1, 100)});
  for (int i = 0; i < 4; ++i) {
    auto message = std::make_unique<Enveloped>();
    message->client = "anonymous-client-number-" + std::to_string(i);
    message->envelope.source_text = message->client;
    intake.add(std::vector{message->frame(4e9 + i)});
    message->client.assign(message->client.size(), '#');  // as the source's buffer is written over
  }
  EXPECT_TRUE(intake.finish());
  EXPECT_EQ(clients, (std::vector<std::string>{"", "anonymous-client-number-0", "anonymous-client-number-1",
                                               "anonymous-client-number-2", "anonymous-client-number-3"}));
}

TEST_F(IntakeTest, The_books_balance_after_every_frame_also_while_one_waits_for_others_to_agree) {
  constexpr double far = 4e9;
  const std::vector<std::pair<double, std::size_t>> steps = {
      // time, messages handed over so far
      {100, 1}, {far, 1}, {101, 2}, {far, 2}, {far + 1, 2}, {102, 3}, {far, 3}, {far, 3}, {far + 1, 3}, {far + 2, 7}};
  Intake intake({.shards = 4, .guard_time = true}, collector_);
  std::uint16_t id = 0;
  for (const auto& [time, messages] : steps) {
    const Frame frame = query(id++, time);
    intake.add({&frame, 1});
    EXPECT_EQ(collector_.ids.size(), messages) << time;
    EXPECT_TRUE(intake.books().balanced()) << time;
  }
  EXPECT_TRUE(intake.finish());
  const Books books = intake.books();
  EXPECT_TRUE(books.balanced());
  EXPECT_EQ(books.frames, steps.size());
  EXPECT_EQ(books.implausible_time, 3u);
  EXPECT_EQ(collector_.ids, (std::vector<std::uint16_t>{0, 2, 5, 6, 7, 8, 9}));
}

TEST_F(IntakeTest, Fragments_are_joined_before_the_shards_and_what_is_missing_is_counted) {
  Intake intake({}, collector_);
  const auto fragment = [&](std::uint16_t id, std::size_t begin, std::size_t end) {
    const Frame whole = query(id, 100);
    std::vector<std::uint8_t>& octets = octets_.emplace_back(whole.octets.begin(), whole.octets.begin() + 20);
    octets.insert(octets.end(), whole.octets.begin() + 20 + static_cast<std::ptrdiff_t>(begin),
                  whole.octets.begin() + 20 + static_cast<std::ptrdiff_t>(end));
    octets[3] = static_cast<std::uint8_t>(octets.size());
    octets[5] = static_cast<std::uint8_t>(id);
    octets[6] = end == 25 ? 0 : 0x20;
    octets[7] = static_cast<std::uint8_t>(begin / 8);
    Frame frame = whole;
    frame.octets = octets;
    intake.add({&frame, 1});
  };
  fragment(1, 16, 25);
  fragment(2, 0, 16);  // the rest of this one never comes
  EXPECT_TRUE(collector_.ids.empty());
  fragment(1, 0, 16);
  EXPECT_EQ(collector_.ids, (std::vector<std::uint16_t>{1}));
  EXPECT_TRUE(intake.finish());
  const Books books = intake.books();
  EXPECT_TRUE(books.balanced());
  EXPECT_EQ(books.decoded(), 3u);
  EXPECT_EQ(books.fragments.datagrams_joined, 1u);
  EXPECT_EQ(books.fragments.datagrams_given_up, 1u);
}

TEST_F(IntakeTest, Without_windows_every_stamp_is_believed) {
  Intake intake({}, collector_);
  for (const double time : {100.0, 4e9, 101.0}) {
    const Frame frame = query(1, time);
    intake.add({&frame, 1});
  }
  EXPECT_TRUE(intake.finish());
  EXPECT_EQ(intake.books().well_formed, 3u);
}

}  // namespace
}  // namespace rata::pipeline
