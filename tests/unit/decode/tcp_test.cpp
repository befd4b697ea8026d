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

TEST(Tcp, MessagesInOneSegmentAreDeliveredWhereTheyLie) {
  Peer peer(true, 1000);
  Harness harness;
  EXPECT_EQ(harness.add(peer.syn_segment()), Outcome::decoded);
  EXPECT_EQ(harness.add(peer.data(0, stream_of({first, second, third}))), Outcome::decoded);
  harness.expect({first, second, third});
  for (const auto& message : harness.messages) {
    EXPECT_TRUE(message.in_datagram);
    EXPECT_EQ(message.payload.transport, Transport::tcp);
    EXPECT_EQ(message.payload.source, packets::client());
    EXPECT_EQ(message.payload.destination, packets::server());
    EXPECT_EQ(message.payload.source_port, packets::client_port);
    EXPECT_EQ(message.payload.destination_port, 53);
    EXPECT_EQ(message.payload.ordinal, 1u);
    EXPECT_EQ(message.payload.time, harness.now);
  }
  EXPECT_EQ(harness.joiner.counters().tcp_delivered, stream_of({first, second, third}).size());
}

TEST(Tcp, AStreamMayBeCutAnywhere) {
  const Octets stream = stream_of({first, second});
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    Peer peer(true, 1000);
    Harness harness;
    harness.add(peer.syn_segment());
    harness.add(peer.data(0, packets::part(stream, 0, cut)));
    harness.add(peer.data(cut, packets::part(stream, cut, stream.size())));
    harness.expect({first, second}, std::to_string(cut));
    EXPECT_EQ(harness.messages[1].payload.ordinal, 2u);
    EXPECT_TRUE(harness.messages[1].in_datagram || cut > first.size() + 4) << "whole in the second segment";
    harness.finish();
  }
}

TEST(Tcp, TheTwoDirectionsAreStreamsOfTheirOwn) {
  Peer client(true, 1000), server(false, 9000);
  Harness harness;
  const Octets answer = packets::dns("first", true, 2000);
  const Octets query_stream = stream_of({first}), answer_stream = stream_of({answer});
  harness.add(client.syn_segment());
  harness.add(server.syn_segment());
  harness.add(client.data(0, packets::part(query_stream, 0, 5)));
  harness.add(server.data(0, packets::part(answer_stream, 0, 1400)));
  harness.add(client.data(5, packets::part(query_stream, 5, query_stream.size())));
  harness.add(server.data(1400, packets::part(answer_stream, 1400, answer_stream.size())));
  harness.expect({first, answer});
  EXPECT_EQ(harness.messages[1].payload.source_port, 53);
  EXPECT_EQ(harness.messages[1].payload.source, packets::server());
}

TEST(Tcp, SegmentsOutOfOrderRepeatedAndOverlappingGiveTheSameMessages) {
  const Octets stream = stream_of({first, second, third});
  const std::size_t size = stream.size(), a = 10, b = 30, c = 50;
  using Cut = std::pair<std::size_t, std::size_t>;
  const struct {
    const char* what;
    std::vector<Cut> segments;
    std::size_t repeated;
  } cases[] = {
      {"reversed", {{c, size}, {b, c}, {a, b}, {0, a}}, 0},
      {"a hole filled last", {{0, a}, {b, c}, {c, size}, {a, b}}, 0},
      {"each twice", {{0, a}, {0, a}, {a, size}, {a, size}}, size},
      {"one that waits, twice", {{a, b}, {a, b}, {0, a}, {b, size}}, b - a},
      {"all again in one", {{0, a}, {a, b}, {0, size}}, b},
      {"over one that waits", {{b, c}, {0, size}}, c - b},
      {"under one that waits", {{a, c}, {0, b}, {b, size}}, (b - a) + (c - b)},
      {"between two that wait", {{a, b}, {c, size}, {0, a}, {a, size}}, (b - a) + (size - c)},
      {"around two that wait", {{a, b}, {c, size}, {5, size}, {0, 5}}, (b - a) + (size - c)},
      {"a keep-alive probe", {{0, a}, {a - 1, a}, {a, size}}, 1},
  };
  for (const std::uint32_t initial : {1000u, 0xffffffe0u, 0xffffffffu, 0x7ffffff0u}) {  // sequence numbers wrap around
    for (const auto& one : cases) {
      Peer peer(true, initial);
      Harness harness;
      harness.add(peer.syn_segment());
      for (const auto& [begin, end] : one.segments) harness.add(peer.data(begin, packets::part(stream, begin, end)));
      harness.expect({first, second, third}, one.what);
      EXPECT_EQ(harness.joiner.counters().tcp_repeated, one.repeated) << one.what;
      EXPECT_EQ(harness.joiner.counters().tcp_octets, size) << one.what;
      harness.finish();
    }
  }
}

TEST(Tcp, OfOverlappingOctetsThatDifferTheFirstOnesCount) {
  const Octets stream = stream_of({first});
  Octets lie = stream;
  for (std::size_t at = 20; at < lie.size(); ++at) lie[at] = 0x55;
  Peer peer(true, 1000);
  Harness harness;
  harness.add(peer.syn_segment());
  harness.add(peer.data(20, packets::part(stream, 20, stream.size())));
  harness.add(peer.data(0, lie));
  harness.expect({first});
}

TEST(Tcp, DataMayComeWithTheSyn) {
  Peer peer(true, 1000);
  Harness harness;
  harness.add(peer.syn_segment(stream_of({first})));
  harness.add(peer.syn_segment(stream_of({first})));
  harness.add(peer.data(0, stream_of({first, second})));
  harness.expect({first, second});
}

TEST(Tcp, EmptyAndTinyMessagesAreDeliveredForTheParserToCount) {
  Peer peer(true, 1000);
  Harness harness;
  harness.add(peer.syn_segment());
  const Octets stream = stream_of({{}, {1, 2, 3}, first});
  harness.add(peer.data(0, packets::part(stream, 0, 1)));
  harness.add(peer.data(1, packets::part(stream, 1, 2)));
  harness.add(peer.data(2, packets::part(stream, 2, stream.size())));
  harness.expect({{}, {1, 2, 3}, first});
}

TEST(Tcp, AnUnfinishedMessageIsCountedWhenTheStreamEnds) {
  const Octets stream = stream_of({first, second});
  const std::size_t size = first.size() + 2 + 10;
  for (const std::uint8_t end : {Peer::fin, Peer::rst}) {
    Peer peer(true, 1000);
    Harness harness;
    harness.add(peer.syn_segment());
    harness.add(peer.data(0, packets::part(stream, 0, size)));
    harness.add(peer.data(size, {}, end));
    harness.expect({first});
    EXPECT_EQ(harness.joiner.counters().tcp_skipped_unfinished, 10u);
    EXPECT_EQ(harness.joiner.counters().tcp_waiting, 0u);
  }
}

TEST(Tcp, AFinMayComeBeforeTheLastData) {
  const Octets stream = stream_of({first, second});
  Peer peer(true, 1000);
  Harness harness;
  harness.add(peer.syn_segment());
  harness.add(peer.data(30, packets::part(stream, 30, stream.size()), Peer::fin));
  harness.add(peer.data(0, packets::part(stream, 0, 30)));
  harness.expect({first, second});
}

TEST(Tcp, ARepeatedSegmentOfAClosedConnectionIsNotDeliveredAgain) {
  Peer client(true, 1000), server(false, 5000);
  Harness harness;
  harness.add(client.syn_segment());
  harness.add(server.syn_segment());
  for (int times = 0; times < 2; ++times) {
    harness.add(client.data(0, stream_of({first}), Peer::fin));
    harness.add(server.data(0, stream_of({second}), Peer::fin));
  }
  harness.expect({first, second});
  EXPECT_EQ(harness.joiner.counters().tcp_repeated, stream_of({first, second}).size());
}

TEST(Tcp, ASynWithANewNumberOnTheSamePortsIsANewConnection) {
  for (const bool closed : {false, true}) {
    Peer old(true, 1000), fresh(true, 2000);
    Harness harness;
    harness.add(old.syn_segment());
    harness.add(old.data(0, packets::joined({stream_of({first}), Octets{0, 40, 1, 2}}),
                         closed ? std::uint8_t{Peer::fin} : std::uint8_t{0}));
    harness.add(fresh.syn_segment());
    EXPECT_EQ(harness.joiner.counters().tcp_skipped_unfinished, 4u);
    harness.add(fresh.data(0, stream_of({second})));
    harness.expect({first, second});
  }
}

TEST(Tcp, ANumberFarFromTheOldOnesIsANewConnectionWhoseSynWasNotSeen) {
  Peer old(true, 1000), fresh(true, 0x50000000), older(true, 0xc0000000);
  Harness harness;
  harness.add(old.syn_segment());
  harness.add(old.data(0, stream_of({first})));
  harness.add(fresh.data(0, stream_of({second})));
  harness.add(older.data(0, stream_of({third})));
  harness.expect({first, second, third});
}

TEST(Tcp, ManyConnectionsAfterEachOtherLeaveNothingBehind) {
  Harness harness;
  for (int i = 0; i < 3000; ++i) {
    Peer client(true, static_cast<std::uint32_t>(i) * 7919), server(false, static_cast<std::uint32_t>(i) * 104729);
    client.port = server.port = static_cast<std::uint16_t>(1024 + i % 700);
    harness.add(client.syn_segment());
    harness.add(server.syn_segment());
    harness.add(client.data(0, stream_of({first}), Peer::fin));
    harness.add(server.data(0, stream_of({second}), Peer::fin));
  }
  EXPECT_EQ(harness.messages.size(), 6000u);
  harness.finish();
}

TEST(Tcp, HeadersAreChecked) {
  const struct {
    const char* what;
    std::size_t size;
    std::uint8_t offset;
    bool cut;
    Outcome outcome;
  } cases[] = {
      {"bare acknowledgement", 20, 0x50, false, Outcome::decoded},
      {"19 octets", 19, 0x50, false, Outcome::bad_tcp_header},
      {"no octets", 0, 0x50, false, Outcome::bad_tcp_header},
      {"a header of 16 octets", 20, 0x40, false, Outcome::bad_tcp_header},
      {"options beyond the end", 20, 0x60, false, Outcome::bad_tcp_header},
      {"19 octets, cut", 19, 0x50, true, Outcome::cut_by_capture},
      {"options cut", 20, 0x60, true, Outcome::cut_by_capture},
  };
  for (const auto& one : cases) {
    Peer peer(true, 1000);
    Datagram datagram = peer.data(0, {}, Peer::ack);
    Octets octets(datagram.payload.begin(), datagram.payload.end());
    octets[12] = one.offset;
    datagram.payload = std::span(octets).first(one.size);
    datagram.cut = one.cut;
    Harness harness;
    EXPECT_EQ(harness.add(datagram), one.outcome) << one.what;
  }
}

TEST(Tcp, OtherPortsAreFiltered) {
  Peer peer(true, 1000);
  Datagram datagram = peer.data(0, stream_of({first}));
  Octets octets(datagram.payload.begin(), datagram.payload.end());
  octets[3] = 80;
  datagram.payload = octets;
  Harness harness;
  EXPECT_EQ(harness.add(datagram), Outcome::other_port);
  EXPECT_EQ(harness.joiner.counters().tcp_octets, 0u);
}

}  // namespace
}  // namespace rata::decode
