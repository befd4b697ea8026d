#include <gtest/gtest.h>

#include "packets.h"

namespace rata::decode {
namespace {

using packets::Harness;
using packets::Octets;

Datagram datagram_of(const Octets& payload, std::uint8_t protocol = 17) {
  Datagram datagram;
  datagram.source = packets::client();
  datagram.destination = packets::server();
  datagram.payload = payload;
  datagram.protocol = protocol;
  return datagram;
}

TEST(Udp, ANamedPortOnEitherSideDeliversThePayloadWhereItLies) {
  const Octets message = packets::dns("www");
  const std::uint16_t ports[][2] = {{40000, 53}, {53, 40000}, {53, 53}};
  for (const auto& [source, destination] : ports) {
    Harness harness;
    const Octets segment = packets::udp(source, destination, message);
    EXPECT_EQ(harness.add(datagram_of(segment)), Outcome::decoded);
    ASSERT_EQ(harness.messages.size(), 1u);
    EXPECT_EQ(harness.messages[0].octets, message);
    EXPECT_TRUE(harness.messages[0].in_datagram);
    EXPECT_EQ(harness.messages[0].payload.source_port, source);
    EXPECT_EQ(harness.messages[0].payload.destination_port, destination);
    EXPECT_EQ(harness.messages[0].payload.source, packets::client());
    EXPECT_EQ(harness.messages[0].payload.destination, packets::server());
    EXPECT_EQ(harness.messages[0].payload.transport, Transport::udp);
    EXPECT_EQ(harness.messages[0].payload.time, harness.now);
  }
}

TEST(Udp, OtherPortsAndProtocolsAreFiltered) {
  Harness harness;
  const Octets other = packets::udp(40000, 5353, packets::dns("www"));
  EXPECT_EQ(harness.add(datagram_of(other)), Outcome::other_port);
  EXPECT_EQ(harness.add(datagram_of(other, 1)), Outcome::other_protocol);
  EXPECT_TRUE(harness.messages.empty());
  EXPECT_EQ(harness.count(Outcome::other_port), 1u);
  EXPECT_EQ(harness.count(Outcome::other_protocol), 1u);
}

TEST(Udp, TheLengthFieldDecides) {
  const Octets segment = packets::udp(40000, 53, Octets(20, 1));
  const struct {
    const char* what;
    std::uint8_t length;
    std::size_t present;
    bool cut;
    Outcome outcome;
    std::size_t delivered;
  } cases[] = {
      {"exact", 28, 28, false, Outcome::decoded, 20},
      {"shorter than the IP payload", 18, 28, false, Outcome::decoded, 10},
      {"only a header", 8, 28, false, Outcome::decoded, 0},
      {"zero: a jumbo datagram", 0, 28, false, Outcome::decoded, 20},
      {"inside the header", 7, 28, false, Outcome::bad_udp_header, 0},
      {"beyond the IP payload", 29, 28, false, Outcome::bad_udp_header, 0},
      {"half a header", 28, 7, false, Outcome::bad_udp_header, 0},
      {"half the ports", 28, 3, false, Outcome::bad_udp_header, 0},
      {"nothing", 28, 0, false, Outcome::bad_udp_header, 0},
      {"payload cut", 28, 27, true, Outcome::cut_by_capture, 0},
      {"header cut", 28, 7, true, Outcome::cut_by_capture, 0},
      {"zero and cut", 0, 27, true, Outcome::cut_by_capture, 0},
      {"all that UDP has is there", 18, 20, true, Outcome::decoded, 10},
  };
  for (const auto& one : cases) {
    Octets octets = packets::part(segment, 0, one.present);
    if (octets.size() > 5) octets[5] = one.length;
    Datagram datagram = datagram_of(octets);
    datagram.cut = one.cut;
    Harness harness;
    EXPECT_EQ(harness.add(datagram), one.outcome) << one.what;
    ASSERT_EQ(harness.messages.size(), one.outcome == Outcome::decoded ? 1u : 0u) << one.what;
    for (const auto& message : harness.messages) EXPECT_EQ(message.octets.size(), one.delivered) << one.what;
  }
}

TEST(Udp, APortIsLookedAtBeforeWhatIsCut) {
  Octets octets = packets::part(packets::udp(40000, 123, Octets(20)), 0, 6);
  Datagram datagram = datagram_of(octets);
  datagram.cut = true;
  Harness harness;
  EXPECT_EQ(harness.add(datagram), Outcome::other_port);
}

TEST(JoinerCounters, AddUp) {
  Harness one, two;
  packets::Peer peer(true, 1000);
  const Octets stream = packets::prefixed(packets::dns("www"));
  for (Harness* harness : {&one, &two}) harness->add(peer.data(0, stream));
  JoinerCounters sum = one.joiner.counters();
  sum += two.joiner.counters();
  EXPECT_EQ(sum.tcp_octets, 2 * stream.size());
  EXPECT_EQ(sum.tcp_delivered + sum.tcp_waiting, 2 * stream.size());
}

}  // namespace
}  // namespace rata::decode
