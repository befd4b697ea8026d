#include "traffic/frame_builder.h"

#include <array>

#include "capture.h"

namespace rata::traffic::test {
namespace {

/// The one's complement sum of 16-bit words, in network order, as RFC 1071 describes it.
std::uint32_t add_words(std::uint32_t sum, std::span<const std::uint8_t> octets) {
  for (std::size_t i = 0; i < octets.size(); ++i) sum += i % 2 == 0 ? octets[i] * 256U : octets[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

/// Over everything that UDP's or TCP's checksum covers, the checksum itself among it: 0xffff when it is right.
std::uint32_t transport_sum(const Packet& packet, std::span<const std::uint8_t> payload) {
  std::uint32_t sum = add_words(0, packet.source);
  sum = add_words(sum, packet.destination);
  sum += packet.protocol + static_cast<std::uint32_t>(payload.size());
  return add_words(sum, payload);
}

Flow flow_v4(const Address& client, const Address& server) {
  Flow flow;
  flow.client = &client;
  flow.server = &server;
  flow.client_port = 40'000;
  return flow;
}

const Address client_address = {203, 0, 113, 9};
const Address server_address = {192, 0, 2, 53};

TEST(FrameBuilder, all_checksums_of_a_capture_are_right) {
  Options options = small_options();
  options.tcp = .2;
  options.noise = .1;
  options.v6 = .5;
  const Octets pcap = make(options).pcap;
  std::map<int, int> checked;
  for (const Record& record : records(pcap)) {
    const auto packet = packet_in(record.frame);
    if (!packet) continue;
    if (!packet->v6) {
      ASSERT_EQ(add_words(0, packet->ip_header), 0xffffU);
    }
    if (packet->more_fragments || packet->fragment_offset != 0) continue;
    if (packet->protocol == 1) {
      ASSERT_EQ(add_words(0, packet->payload), 0xffffU);
    } else {
      ASSERT_EQ(transport_sum(*packet, packet->payload), 0xffffU);
    }
    ++checked[packet->protocol];
  }
  EXPECT_GT(checked[1], 100);
  EXPECT_GT(checked[6], 100);
  EXPECT_GT(checked[17], 100);
}

TEST(FrameBuilder, fragments_join_to_a_datagram_with_a_right_checksum) {
  Random random(1);
  FrameBuilder builder(random);
  const Flow flow = flow_v4(client_address, server_address);
  Octets payload(2000);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i * 7);
  Frame first, second;
  builder.udp_fragments(first, second, flow, payload);
  const auto a = packet_in({first.octets.data(), first.size});
  const auto b = packet_in({second.octets.data(), second.size});
  EXPECT_TRUE(a->more_fragments);
  EXPECT_FALSE(b->more_fragments);
  EXPECT_EQ(load16(a->ip_header, 4), load16(b->ip_header, 4));
  EXPECT_EQ(b->fragment_offset, a->payload.size());
  Octets joined(a->payload.begin(), a->payload.end());
  joined.insert(joined.end(), b->payload.begin(), b->payload.end());
  EXPECT_EQ(transport_sum(*a, joined), 0xffffU);
  EXPECT_EQ(Octets(joined.begin() + 8, joined.end()), payload);
}

// RFC 768: zero on the wire says that there is no checksum.
TEST(FrameBuilder, a_udp_checksum_of_zero_is_sent_as_all_ones) {
  Random random(1);
  FrameBuilder builder(random);
  const Flow flow = flow_v4(client_address, server_address);
  Frame frame, rest;
  Octets small(2), large(1500);
  int small_ones = 0, large_ones = 0;
  for (std::uint32_t value = 0; value < 0x10000; ++value) {
    store16(small.data(), value);
    store16(large.data(), value);
    builder.udp(frame, flow, Direction::to_client, small);
    std::uint32_t checksum = load16(packet_in({frame.octets.data(), frame.size})->payload, 6);
    ASSERT_NE(checksum, 0U);
    small_ones += checksum == 0xffff;
    builder.udp_fragments(frame, rest, flow, large);
    checksum = load16(packet_in({frame.octets.data(), frame.size})->payload, 6);
    ASSERT_NE(checksum, 0U);
    large_ones += checksum == 0xffff;
  }
  EXPECT_GE(small_ones, 1);
  EXPECT_GE(large_ones, 1);
}

TEST(FrameBuilder, frames_to_the_server_are_padded_to_60_octets) {
  Random random(1);
  FrameBuilder builder(random);
  const Flow flow = flow_v4(client_address, server_address);
  const Octets payload = {1, 2, 3};
  Frame frame;
  builder.udp(frame, flow, Direction::to_server, payload);
  EXPECT_EQ(frame.size, 60U);
  EXPECT_EQ(packet_in({frame.octets.data(), frame.size})->payload.size(), 8 + payload.size());
  builder.udp(frame, flow, Direction::to_client, payload);
  EXPECT_EQ(frame.size, 14 + 20 + 8 + payload.size());
}

}  // namespace
}  // namespace rata::traffic::test
