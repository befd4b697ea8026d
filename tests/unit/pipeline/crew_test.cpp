#include "pipeline/crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace rata::pipeline {
namespace {

decode::Datagram numbered(std::uint64_t ordinal, std::span<const std::uint8_t> payload = {}) {
  decode::Datagram datagram;
  datagram.ordinal = ordinal;
  datagram.payload = payload;
  return datagram;
}

TEST(Crew, A_box_is_worked_off_in_order_whatever_the_number_of_threads) {
  constexpr std::size_t boxes = 5, rounds = 400;
  for (const std::size_t helpers : {1u, 2u, 7u}) {
    std::vector<std::vector<std::uint64_t>> seen(boxes);  // without a lock: of a box at a time only one writes
    Crew crew(helpers, boxes, [&](std::size_t box, const Parcel& parcel) {
      for (const decode::Datagram& datagram : parcel.datagrams()) seen[box].push_back(datagram.ordinal);
    });
    for (std::uint64_t i = 0; i < rounds * boxes; ++i) {
      Parcel& parcel = crew.take();
      EXPECT_TRUE(parcel.empty());
      ASSERT_TRUE(parcel.put(numbered(2 * i)) && parcel.put(numbered(2 * i + 1)));
      crew.post(i % boxes, parcel);
      if (i % 333 == 0) crew.drain();
    }
    crew.drain();
    for (std::size_t box = 0; box < boxes; ++box) {
      ASSERT_EQ(seen[box].size(), 2 * rounds);
      for (std::size_t i = 0; i < rounds; ++i) {
        EXPECT_EQ(seen[box][2 * i], 2 * (i * boxes + box));
        EXPECT_EQ(seen[box][2 * i + 1], 2 * (i * boxes + box) + 1);
      }
    }
  }
}

TEST(Crew, The_front_works_when_all_parcels_are_in_use) {
  // The helper stands still inside its first parcel until all the others of another box have been worked off: only the
  // front can have done that.
  std::latch helper_is_in(1), others_done(1);
  const auto front = std::this_thread::get_id();
  std::atomic<std::size_t> by_front = 0;
  Crew crew(1, 2, [&](std::size_t box, const Parcel&) {
    if (std::this_thread::get_id() == front) {
      ++by_front;
    } else if (box == 0) {
      helper_is_in.count_down();
      others_done.wait();
    }
  });
  const auto post = [&](std::size_t box) {
    Parcel& parcel = crew.take();
    parcel.put(numbered(0));
    crew.post(box, parcel);
  };
  // Sleeping helpers are woken when several parcels wait; the box is one, so that the front gets none of it.
  for (int i = 0; i < 8; ++i) post(0);
  helper_is_in.wait();
  const std::size_t posted = 3 * crew.parcels();
  for (std::size_t i = 0; i < posted; ++i) post(1);
  EXPECT_GE(by_front, posted - crew.parcels()) << "there are fewer parcels than were posted";
  others_done.count_down();
  crew.drain();
}

TEST(Crew, What_was_posted_is_done_after_a_drain_and_tasks_are_done_once_each) {
  std::atomic<std::size_t> parcels = 0;
  Crew crew(3, 4, [&](std::size_t, const Parcel&) { ++parcels; });
  std::size_t posted = 0;
  for (const std::size_t count : {0u, 1u, 3u, 50u}) {
    for (std::size_t i = 0; i < count; ++i) {
      Parcel& parcel = crew.take();
      parcel.put(numbered(i));
      crew.post(i % 4, parcel);
    }
    posted += count;
    crew.drain();
    EXPECT_EQ(parcels, posted);
    std::vector<std::atomic<int>> done(count);
    crew.for_each(count, [&](std::size_t number) { ++done[number]; });
    for (const auto& times : done) EXPECT_EQ(times, 1);
  }
}

TEST(Parcel, Octets_are_copied_and_the_memory_is_bounded) {
  Parcel parcel;
  std::vector<std::uint8_t> octets(1000, 7);
  std::size_t taken = 0;
  while (parcel.put(numbered(taken, octets))) ++taken;
  EXPECT_GT(taken, 10u);
  EXPECT_LT(taken, Parcel::most_items) << "octets are the bound";
  octets.assign(octets.size(), 0);
  for (const decode::Datagram& datagram : parcel.datagrams())
    EXPECT_EQ(std::vector<std::uint8_t>(datagram.payload.begin(), datagram.payload.end()),
              std::vector<std::uint8_t>(1000, 7));
  parcel.clear();
  const std::vector<std::uint8_t> large(1 << 20, 9);
  EXPECT_TRUE(parcel.put(numbered(1, large))) << "an empty one has room for anything";
  EXPECT_FALSE(parcel.put(numbered(2, large)));
  EXPECT_EQ(parcel.datagrams().front().payload.back(), 9);
  parcel.clear();
  taken = 0;
  while (parcel.put(numbered(taken))) ++taken;
  EXPECT_EQ(taken, Parcel::most_items);
}

TEST(Parcel, Messages_keep_their_envelopes_and_do_not_mix_with_datagrams) {
  Parcel parcel;
  for (int i = 0; i < 3; ++i) {
    const std::string text = "client-" + std::to_string(i);
    const std::vector<std::uint8_t> octets(20, static_cast<std::uint8_t>(i));
    capture::Envelope envelope;
    envelope.source_text = text;
    capture::Frame frame;
    frame.octets = octets;
    frame.envelope = &envelope;
    ASSERT_TRUE(parcel.put(frame));
  }
  EXPECT_FALSE(parcel.put(numbered(1)));
  for (int i = 0; i < 3; ++i) {
    const capture::Frame& message = parcel.messages()[static_cast<std::size_t>(i)];
    EXPECT_EQ(message.envelope->source_text, "client-" + std::to_string(i));
    EXPECT_EQ(message.octets.front(), i);
  }
  parcel.clear();
  EXPECT_TRUE(parcel.put(numbered(1)));
  const capture::Envelope envelope;
  capture::Frame message;
  message.envelope = &envelope;
  EXPECT_FALSE(parcel.put(message));
}

}  // namespace
}  // namespace rata::pipeline
