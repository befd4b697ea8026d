#include <gtest/gtest.h>

#include <algorithm>

#include "packets.h"

namespace rata::decode {
namespace {

using packets::Harness;
using packets::Octets;
using packets::Peer;
using packets::stream_of;

const Octets first = packets::dns("first"), second = packets::dns("second"), third = packets::dns("third");

TEST(TcpLoss, WithoutItsSynAStreamBeginsAtTheFirstPlausibleMessage) {
  const Octets stream = stream_of({first, second, third});
  const struct {
    std::size_t from;
    std::vector<Octets> expected;
  } cases[] = {
      {0, {first, second, third}},         {1, {second, third}},        {2, {second, third}}, {15, {second, third}},
      {first.size() + 2, {second, third}}, {first.size() + 3, {third}},
  };
  for (const auto& one : cases) {
    for (const bool small : {false, true}) {
      Peer peer(true, 0xfffffff0);
      Harness harness;
      const std::size_t step = small ? 1 : stream.size();
      for (std::size_t at = one.from; at < stream.size(); at += step)
        harness.add(peer.data(at, packets::part(stream, at, std::min(at + step, stream.size()))));
      harness.expect(one.expected, std::to_string(one.from) + (small ? " octet by octet" : ""));
      const auto& counters = harness.joiner.counters();
      EXPECT_EQ(counters.tcp_skipped_gap, counters.tcp_octets - counters.tcp_delivered);
      EXPECT_EQ(counters.tcp_waiting, 0u);
    }
  }
}

TEST(TcpLoss, ASegmentBeforeTheFirstOneSeenStillDeliversItsMessages) {
  const Octets stream = stream_of({first, second});
  const std::size_t edge = first.size() + 2;
  Peer peer(true, 1000);
  Harness harness;
  harness.add(peer.data(edge, packets::part(stream, edge, stream.size())));
  harness.add(peer.data(0, packets::part(stream, 0, edge)));
  harness.add(peer.data(0, packets::part(stream, 0, edge)));
  harness.add(peer.syn_segment());
  harness.expect({second, first});
  EXPECT_EQ(harness.joiner.counters().tcp_repeated, edge);
}

TEST(TcpLoss, GarbageOnThePortIsSkippedAndCounted) {
  Peer peer(true, 1000);
  Harness harness;
  const Octets garbage(500, 0x47);
  for (std::size_t at = 0; at < 5000; at += garbage.size()) harness.add(peer.data(at, garbage));
  harness.finish();
  EXPECT_TRUE(harness.messages.empty());
  EXPECT_EQ(harness.joiner.counters().tcp_skipped_gap, 5000u);
}

TEST(TcpLoss, BehindAGapInAMessageTheNextBoundaryIsKnown) {
  const Octets broken = packets::dns("broken", false, 200), odd = {9, 9, 9};
  const Octets stream = stream_of({first, broken, odd, second});
  const std::size_t begin = first.size() + 2 + 50, end = begin + 60;
  Peer peer(true, 1000), server(false, 5000);
  Harness harness;
  harness.add(peer.syn_segment());
  harness.add(peer.data(0, packets::part(stream, 0, begin)));
  harness.add(peer.data(end, packets::part(stream, end, stream.size())));
  harness.expect({first});
  harness.add(server.acknowledgement(peer, stream.size()));
  harness.expect({first, odd, second}, "even a message that looks like none");
  EXPECT_EQ(harness.messages[1].payload.ordinal, 2u) << "the frame that brought it, not the acknowledgement";
  EXPECT_EQ(harness.joiner.counters().tcp_skipped_gap, broken.size() + 2 - 60);
}

TEST(TcpLoss, BehindAGapBetweenMessagesABoundaryIsLookedFor) {
  const Octets stream = stream_of({first, second, third});
  const std::size_t begin = first.size() + 2, end = begin + 7;
  Peer peer(true, 1000), server(false, 5000);
  Harness harness;
  harness.add(peer.syn_segment());
  harness.add(peer.data(0, packets::part(stream, 0, begin)));
  harness.add(peer.data(end, packets::part(stream, end, stream.size())));
  harness.add(server.acknowledgement(peer, end - 1));
  harness.expect({first}, "the gap may still be filled");
  harness.add(server.acknowledgement(peer, end));
  harness.expect({first, third});
  EXPECT_EQ(harness.joiner.counters().tcp_skipped_gap, second.size() + 2 - 7);
}

TEST(TcpLoss, WhatWasAcknowledgedBeforeAGapWasSeenIsNotWaitedFor) {
  const Octets stream = stream_of({first, second});
  const std::size_t edge = first.size() + 2;
  Peer peer(true, 1000), server(false, 5000);
  Harness harness;
  harness.add(peer.syn_segment());
  harness.add(server.acknowledgement(peer, edge));
  harness.add(peer.data(edge, packets::part(stream, edge, stream.size())));
  harness.expect({second});
  // The capture had them in another order: nothing is lost.
  harness.add(peer.data(0, packets::part(stream, 0, edge)));
  harness.expect({second, first});
  EXPECT_EQ(harness.joiner.counters().tcp_skipped_gap, 0u);
}

TEST(TcpLoss, AGapIsSkippedWhenTooMuchWaitsBehindIt) {
  JoinerLimits limits;
  limits.stream_octets = 1000;
  Peer peer(true, 1000);
  Harness harness(limits);
  harness.add(peer.syn_segment());
  const Octets message = stream_of({packets::dns("www", false, 300)});
  std::size_t sent = 0;
  for (; harness.messages.empty(); ++sent) harness.add(peer.data(100 + sent * message.size(), message));
  EXPECT_EQ(sent, harness.messages.size());
  EXPECT_EQ(sent, 1000 / message.size() + 1);
}

TEST(TcpLoss, AMessageLargerThanTheBoundIsGivenUpAndTheNextOneIsFound) {
  JoinerLimits limits;
  limits.stream_octets = 1000;
  const Octets large = packets::dns("large", true, 3000);
  const Octets stream = stream_of({large, second});
  Peer peer(true, 1000);
  Harness harness(limits);
  harness.add(peer.syn_segment());
  for (std::size_t at = 0; at < stream.size(); at += 400)
    harness.add(peer.data(at, packets::part(stream, at, std::min(at + 400, stream.size()))));
  harness.expect({second});
  EXPECT_EQ(harness.joiner.counters().tcp_skipped_limit, large.size() + 2);
}

TEST(TcpLoss, WithoutMemoryTheStreamsIdleLongestGiveUpWhatWaits) {
  JoinerLimits limits;
  limits.total_octets = 8192;  // sixteen blocks
  Harness harness(limits);
  std::vector<Peer> peers;
  for (int i = 0; i < 40; ++i) peers.emplace_back(true, 1000).port = static_cast<std::uint16_t>(40000 + i);
  const Octets stream = stream_of({packets::dns("www", false, 400)});
  for (Peer& peer : peers) {
    harness.add(peer.syn_segment());
    harness.add(peer.data(0, packets::part(stream, 0, 300)));
  }
  for (Peer& peer : peers) harness.add(peer.data(300, packets::part(stream, 300, stream.size())));
  harness.finish();
  const auto& counters = harness.joiner.counters();
  EXPECT_GE(harness.messages.size(), 10u);
  EXPECT_LT(harness.messages.size(), 40u);
  EXPECT_EQ(counters.tcp_skipped_limit, counters.tcp_octets - counters.tcp_delivered);
}

TEST(TcpLoss, TheConnectionIdleLongestGoesWhenThereAreTooMany) {
  JoinerLimits limits;
  limits.streams = 4;  // two connections
  Harness harness(limits);
  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) peers.emplace_back(true, 1000).port = static_cast<std::uint16_t>(40000 + i);
  const Octets stream = stream_of({first});
  for (Peer& peer : peers) {
    harness.add(peer.syn_segment());
    harness.add(peer.data(0, packets::part(stream, 0, 20)));
  }
  EXPECT_EQ(harness.joiner.counters().tcp_skipped_limit, 20u);
  for (Peer& peer : {std::ref(peers[1]), std::ref(peers[2])})
    harness.add(peer.data(20, packets::part(stream, 20, stream.size())));
  harness.expect({first, first});
}

TEST(TcpLoss, AnIdleConnectionIsGivenUp) {
  JoinerLimits limits;
  limits.stream_idle_ns = util::ns_per_second;
  Peer idle(true, 1000), other(true, 1000);
  other.port = 40001;
  Harness harness(limits);
  harness.add(idle.syn_segment());
  const Octets stream = stream_of({first, second});
  harness.add(idle.data(first.size() + 2, packets::part(stream, first.size() + 2, stream.size())));
  harness.now.ns += 2 * util::ns_per_second;
  harness.add(other.syn_segment());
  harness.expect({second}, "what lay behind the gap");
  EXPECT_EQ(harness.messages[0].payload.source_port, packets::client_port);
}

TEST(TcpLoss, AFrameCutByTheCaptureIsUsedAsFarAsItGoes) {
  const Octets stream = stream_of({first, second, third});
  const std::size_t kept = first.size() + 2 + 20, sent = first.size() + second.size() + 4;
  Peer peer(true, 1000), server(false, 5000);
  Harness harness;
  harness.add(peer.syn_segment());
  Datagram cut = peer.data(0, packets::part(stream, 0, kept));
  cut.cut = true;
  EXPECT_EQ(harness.add(cut), Outcome::cut_by_capture);
  harness.add(peer.data(sent, packets::part(stream, sent, stream.size())));
  harness.add(server.acknowledgement(peer, stream.size()));
  harness.expect({first, third});
  EXPECT_EQ(harness.joiner.counters().tcp_skipped_gap, 20u);
}

TEST(TcpLoss, FinishDeliversWhatLiesBehindGaps) {
  Peer peer(true, 1000);
  Harness harness;
  harness.add(peer.syn_segment());
  harness.add(peer.data(100, stream_of({first})));
  harness.add(peer.data(300, stream_of({second})));
  harness.finish();
  harness.expect({first, second});
}

}  // namespace
}  // namespace rata::decode
