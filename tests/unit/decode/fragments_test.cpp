#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "packets.h"

namespace rata::decode {
namespace {

using packets::Harness;
using packets::Octets;

constexpr std::size_t all = ~std::size_t{0};

/// What of `whole` the fragment carries, as a fragment.
struct Fragmenter {
  Octets whole;
  bool v6 = false;
  std::uint32_t id = 7;
  std::uint8_t protocol = 17;
  std::vector<Octets> kept = {};

  Datagram piece(std::size_t begin, std::size_t end = all) {
    kept.push_back(packets::part(whole, begin, std::min(end, whole.size())));
    return of(kept.back(), begin, end < whole.size());
  }
  Datagram of(std::span<const std::uint8_t> octets, std::size_t offset, bool more) const {
    Datagram datagram;
    datagram.source = packets::client(v6);
    datagram.destination = packets::server(v6);
    datagram.payload = octets;
    datagram.fragment_id = id;
    datagram.fragment_offset = static_cast<std::uint32_t>(offset);
    datagram.protocol = protocol;
    datagram.fragment = true;
    datagram.more_fragments = more;
    return datagram;
  }
};

Octets long_segment() { return packets::udp(53, 40000, packets::dns("long", true, 100)); }

TEST(Fragments, JoinInWhateverOrderTheyCome) {
  const Octets segment = long_segment();
  std::vector<std::size_t> order = {0, 1, 2, 3};
  do {
    for (const bool v6 : {false, true}) {
      Fragmenter fragmenter{segment, v6};
      const std::size_t edges[] = {0, 32, 40, 96, all};
      Harness harness;
      for (const std::size_t i : order)
        EXPECT_EQ(harness.add(fragmenter.piece(edges[i], edges[i + 1])), Outcome::decoded);
      ASSERT_EQ(harness.messages.size(), 1u);
      EXPECT_EQ(harness.messages[0].octets, packets::part(segment, 8, segment.size()));
      EXPECT_EQ(harness.messages[0].payload.ordinal, 3u) << "the frame that completed it";
      EXPECT_EQ(harness.opener.counters().fragments, 4u);
      EXPECT_EQ(harness.opener.counters().datagrams_joined, 1u);
      harness.finish();
      EXPECT_EQ(harness.opener.counters().datagrams_given_up, 0u);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Fragments, OfDifferentDatagramsDoNotMix) {
  Fragmenter one{long_segment()}, other_id{long_segment(), false, 8}, other_family{long_segment(), true};
  Harness harness;
  for (Fragmenter* fragmenter : {&one, &other_id, &other_family}) harness.add(fragmenter->piece(0, 64));
  EXPECT_TRUE(harness.messages.empty());
  for (Fragmenter* fragmenter : {&other_family, &one, &other_id}) harness.add(fragmenter->piece(64));
  EXPECT_EQ(harness.messages.size(), 3u);
}

TEST(Fragments, MayOverlapWhenTheyAgree) {
  for (const bool v6 : {false, true}) {
    Fragmenter fragmenter{long_segment(), v6};
    Harness harness;
    harness.add(fragmenter.piece(0, 64));
    harness.add(fragmenter.piece(0, 64));
    harness.add(fragmenter.piece(40, 80));
    harness.add(fragmenter.piece(96));
    harness.add(fragmenter.piece(0, 104));
    ASSERT_EQ(harness.messages.size(), 1u) << v6;
    EXPECT_EQ(harness.messages[0].octets, packets::part(fragmenter.whole, 8, fragmenter.whole.size()));
  }
}

TEST(Fragments, ThatContradictEachOtherAreRefusedInIpv6AndTheFirstCountsInIpv4) {
  for (const bool v6 : {false, true}) {
    Fragmenter fragmenter{long_segment(), v6};
    Harness harness;
    harness.add(fragmenter.piece(0, 64));
    const Octets lie(48, 0x55);
    EXPECT_EQ(harness.add(fragmenter.of(lie, 32, true)), v6 ? Outcome::bad_fragment : Outcome::decoded);
    EXPECT_EQ(harness.add(fragmenter.piece(64)), v6 ? Outcome::bad_fragment : Outcome::decoded);
    EXPECT_EQ(harness.opener.counters().datagrams_given_up, v6 ? 1u : 0u);
    ASSERT_EQ(harness.messages.size(), v6 ? 0u : 1u);
    if (v6) continue;
    Octets expected = packets::part(fragmenter.whole, 8, fragmenter.whole.size());
    std::fill(expected.begin() + 64 - 8, expected.begin() + 80 - 8, 0x55);
    EXPECT_EQ(harness.messages[0].octets, expected);
  }
}

TEST(Fragments, ARepeatedLastFragmentDoesNotSpoilTheNextDatagramWithTheSameNumber) {
  Fragmenter first{long_segment()}, second{packets::udp(53, 40000, packets::dns("next", true, 100))};
  Harness harness;
  // Every frame twice, as some mirror ports send them.
  for (Fragmenter* fragmenter : {&first, &second}) {
    for (const std::size_t begin : {0, 64})
      for (int copies = 0; copies < 2; ++copies) harness.add(fragmenter->piece(begin, begin == 0 ? 64 : all));
  }
  ASSERT_EQ(harness.messages.size(), 2u);
  EXPECT_EQ(harness.messages[1].octets, packets::part(second.whole, 8, second.whole.size()));
  harness.add(second.piece(0, 64));
  harness.add(second.piece(64));
  EXPECT_EQ(harness.messages.size(), 3u) << "the datagram once more is another one";
  harness.finish();
  EXPECT_EQ(harness.opener.counters().datagrams_given_up, 0u);
}

TEST(Fragments, WhatComesLongAfterTheCopiesIsAnotherDatagram) {
  Fragmenter fragmenter{long_segment()};
  Harness harness;
  harness.add(fragmenter.piece(0, 64));
  harness.add(fragmenter.piece(0, 64));
  harness.add(fragmenter.piece(64));  // its copy never comes
  harness.now.ns += util::ns_per_second / 2;
  harness.add(fragmenter.piece(0, 64));
  harness.add(fragmenter.piece(64));
  EXPECT_EQ(harness.messages.size(), 2u);
}

TEST(Fragments, TheSameDatagramSentAgainCountsAgain) {
  Fragmenter fragmenter{long_segment()};
  Harness harness;
  for (int times = 0; times < 3; ++times) {
    harness.add(fragmenter.piece(0, 64));
    harness.add(fragmenter.piece(64));
  }
  EXPECT_EQ(harness.messages.size(), 3u);
}

TEST(Fragments, ThatCannotBeAreRefused) {
  const Octets octets(64);
  const Fragmenter fragmenter{octets};
  const struct {
    const char* what;
    std::size_t size, offset;
    bool more, cut;
    std::uint8_t protocol;
    Outcome outcome;
  } cases[] = {
      {"empty", 0, 0, true, false, 17, Outcome::bad_fragment},
      {"not a multiple of eight, and more to come", 63, 0, true, false, 17, Outcome::bad_fragment},
      {"beyond the largest datagram", 64, 65528, false, false, 17, Outcome::bad_fragment},
      {"cut by the capture", 64, 0, true, true, 17, Outcome::cut_by_capture},
      {"another protocol", 64, 0, true, false, 1, Outcome::other_protocol},
      {"the largest offset that fits", 7, 65528, false, false, 17, Outcome::decoded},
  };
  for (const auto& one : cases) {
    Harness harness;
    Datagram fragment = fragmenter.of(std::span(octets).first(one.size), one.offset, one.more);
    fragment.cut = one.cut;
    fragment.protocol = one.protocol;
    EXPECT_EQ(harness.add(fragment), one.outcome) << one.what;
    EXPECT_EQ(harness.opener.counters().fragments, one.outcome == Outcome::decoded ? 1u : 0u) << one.what;
  }
}

TEST(Fragments, ThatDisagreeAboutTheEndAreRefused) {
  const std::pair<std::size_t, bool> lies[] = {{72, true}, {48, false}, {80, false}};  // offset of 16 octets, and more
  for (const auto& [offset, more] : lies) {
    Fragmenter fragmenter{Octets(80)};
    Harness harness;
    harness.add(fragmenter.piece(64));
    const Octets lie(16);
    EXPECT_EQ(harness.add(fragmenter.of(lie, offset, more)), Outcome::bad_fragment) << offset;
  }
  Fragmenter fragmenter{Octets(80)};
  Harness harness;
  harness.add(fragmenter.piece(40, 72));
  const Octets early(8);
  EXPECT_EQ(harness.add(fragmenter.of(early, 48, false)), Outcome::bad_fragment);
}

TEST(Fragments, OnAnotherPortAreDecodedAndDeliverNothing) {
  Fragmenter fragmenter{packets::udp(40000, 5060, Octets(100))};
  Harness harness;
  EXPECT_EQ(harness.add(fragmenter.piece(0, 64)), Outcome::decoded);
  EXPECT_EQ(harness.add(fragmenter.piece(64)), Outcome::decoded);
  EXPECT_EQ(harness.opener.counters().datagrams_joined, 1u);
  EXPECT_TRUE(harness.messages.empty());
}

TEST(Fragments, MayHoldExtensionHeaders) {
  const Octets segment = long_segment();
  Fragmenter fragmenter{packets::extension(60, packets::extension(17, segment)), true};
  fragmenter.protocol = 60;
  Harness harness;
  harness.add(fragmenter.piece(64));
  harness.add(fragmenter.piece(0, 64));
  ASSERT_EQ(harness.messages.size(), 1u);
  EXPECT_EQ(harness.messages[0].octets, packets::part(segment, 8, segment.size()));
}

TEST(Fragments, CarryTcpToo) {
  packets::Peer peer(true, 1000);
  Harness harness;
  const Octets query = packets::dns("www");
  const Datagram whole = peer.data(0, packets::prefixed(query));
  Fragmenter fragmenter{{whole.payload.begin(), whole.payload.end()}};
  fragmenter.protocol = 6;
  harness.add(peer.syn_segment());
  harness.add(fragmenter.piece(24));
  harness.add(fragmenter.piece(0, 24));
  ASSERT_EQ(harness.messages.size(), 1u);
  EXPECT_EQ(harness.messages[0].octets, query);
}

TEST(Fragments, GoWhenTheyAreTooOld) {
  Fragmenter fragmenter{long_segment()};
  Harness harness({}, {.age_ns = util::ns_per_second});
  harness.add(fragmenter.piece(0, 64));
  harness.now.ns += 2 * util::ns_per_second;
  harness.add(fragmenter.piece(64));
  EXPECT_TRUE(harness.messages.empty());
  EXPECT_EQ(harness.opener.counters().datagrams_given_up, 1u);
  harness.finish();
  EXPECT_EQ(harness.opener.counters().datagrams_given_up, 2u);
}

TEST(Fragments, TheOldestGoesWhenThereAreTooMany) {
  Harness harness({}, {.datagrams = 2});
  Fragmenter fragmenter{long_segment()};
  for (const std::uint32_t id : {1u, 2u, 3u}) {
    fragmenter.id = id;
    harness.add(fragmenter.piece(0, 64));
  }
  EXPECT_EQ(harness.opener.counters().datagrams_given_up, 1u);
  for (const std::uint32_t id : {3u, 2u}) {
    fragmenter.id = id;
    harness.add(fragmenter.piece(64));
  }
  EXPECT_EQ(harness.messages.size(), 2u);
}

TEST(Fragments, TheOldestGoesWhenTheyHoldTooManyOctets) {
  Harness harness({}, {.octets = 1000});
  Fragmenter fragmenter{packets::udp(53, 40000, Octets(900))};
  fragmenter.id = 1;
  harness.add(fragmenter.piece(0, 480));
  fragmenter.id = 2;
  harness.add(fragmenter.piece(0, 480));
  EXPECT_EQ(harness.opener.counters().datagrams_given_up, 0u);
  harness.add(fragmenter.piece(480));
  EXPECT_EQ(harness.opener.counters().datagrams_given_up, 1u) << "the first made room";
  EXPECT_EQ(harness.messages.size(), 1u);
  // One that is too large by itself is given up at once.
  Fragmenter large{Octets(2000)};
  EXPECT_EQ(harness.add(large.piece(1600)), Outcome::decoded);
  EXPECT_EQ(harness.opener.counters().datagrams_given_up, 2u);
}

TEST(Fragments, RandomCutsJoinToTheSameMessage) {
  std::mt19937 random(1);
  const Octets segment = packets::udp(53, 40000, packets::dns("long", true, 3000));
  for (int round = 0; round < 300; ++round) {
    Fragmenter fragmenter{segment, round % 2 == 0};
    std::vector<Datagram> pieces;
    for (std::size_t at = 0; at < segment.size();) {
      const std::size_t end = at + 8 * (1 + random() % 60);
      const std::size_t begin = at - std::min<std::size_t>(at, random() % 3 * 8);  // some overlap
      pieces.push_back(fragmenter.piece(begin, end));
      if (random() % 4 == 0) pieces.push_back(pieces.back());
      at = end;
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    Harness harness;
    harness.add_all(pieces);
    ASSERT_GE(harness.messages.size(), 1u);
    EXPECT_EQ(harness.messages[0].octets, packets::part(segment, 8, segment.size()));
    harness.finish();
  }
}

}  // namespace
}  // namespace rata::decode
