#include "traffic/frame_builder.h"

#include <array>
#include <cassert>
#include <cstring>

namespace rata::traffic {
namespace {

using Mac = std::array<std::uint8_t, 6>;
// Locally administered.
constexpr Mac server_mac = {0x02, 0, 0, 0, 0, 0x53};
constexpr Mac router_mac = {0x02, 0, 0, 0, 0, 0x01};

constexpr std::uint32_t ethernet_octets = 14;
constexpr std::uint32_t ipv4_octets = 20;
constexpr std::uint32_t ipv6_octets = 40;
constexpr std::uint32_t udp_octets = 8;
constexpr std::uint32_t tcp_octets = 20;
constexpr std::uint32_t least_frame_octets = 60;
constexpr std::uint32_t fragment_octets = 1480;

constexpr std::uint32_t ethertype_ipv4 = 0x0800;
constexpr std::uint32_t ethertype_arp = 0x0806;
constexpr std::uint32_t ethertype_ipv6 = 0x86dd;

constexpr std::uint8_t protocol_icmp = 1;
constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_udp = 17;

constexpr std::uint32_t do_not_fragment = 0x4000;
constexpr std::uint32_t more_fragments = 0x2000;

void pad(Frame& frame, Direction direction) {
  if (direction == Direction::to_client || frame.size >= least_frame_octets) return;
  std::memset(frame.octets.data() + frame.size, 0, least_frame_octets - frame.size);
  frame.size = least_frame_octets;
}

/// The checksum of TCP's or UDP's pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1).
Checksum pseudo_header(const Flow& flow, std::uint8_t protocol, std::uint32_t octets) {
  const std::size_t address_octets = flow.v6 ? 16 : 4;
  const std::array<std::uint8_t, 4> rest = {0, protocol, static_cast<std::uint8_t>(octets >> 8),
                                            static_cast<std::uint8_t>(octets)};
  Checksum checksum;
  checksum.add({flow.client->data(), address_octets});
  checksum.add({flow.server->data(), address_octets});
  checksum.add(rest);
  return checksum;
}

void put_ports(std::uint8_t* at, const Flow& flow, Direction direction) {
  const bool to_server = direction == Direction::to_server;
  store16(at, to_server ? flow.client_port : flow.server_port);
  store16(at + 2, to_server ? flow.server_port : flow.client_port);
}

/// A whole datagram of UDP.
void put_udp(std::uint8_t* at, const Flow& flow, Direction direction, std::span<const std::uint8_t> payload) {
  const auto octets = static_cast<std::uint32_t>(udp_octets + payload.size());
  put_ports(at, flow, direction);
  store16(at + 4, octets);
  store16(at + 6, 0);
  std::memcpy(at + udp_octets, payload.data(), payload.size());
  Checksum checksum = pseudo_header(flow, protocol_udp, octets);
  checksum.add({at, octets});
  checksum.store_for_udp(at + 6);
}

/// MSS, SACK permitted, timestamps and window scale in a SYN; timestamps alone in the rest. Returns their octets.
std::uint32_t put_tcp_options(std::uint8_t* at, const Flow& flow, Direction direction, const TcpSegment& segment) {
  if ((segment.flags & tcp_syn) == 0) {
    store32(at, 0x0101080a);
    store32(at + 4, segment.clock_ms);
    store32(at + 8, segment.clock_ms);
    return 12;
  }
  store32(at, 0x02040000U | (flow.v6 ? 1440U : 1460U));
  store32(at + 4, 0x0402080a);
  store32(at + 8, segment.clock_ms);
  store32(at + 12, direction == Direction::to_server ? 0 : segment.clock_ms);
  store32(at + 16, 0x01030307);
  return 20;
}

}  // namespace

/// The Ethernet and IP headers. Returns their octets, where the payload begins.
std::uint32_t FrameBuilder::put_ip(Frame& frame, const Flow& flow, Direction direction, const IpFields& fields) {
  const bool to_server = direction == Direction::to_server;
  const Address& source = to_server ? *flow.client : *flow.server;
  const Address& destination = to_server ? *flow.server : *flow.client;
  const std::uint8_t hop_limit = to_server ? flow.hop_limit : std::uint8_t{64};
  const std::uint32_t headers = ethernet_octets + (flow.v6 ? ipv6_octets : ipv4_octets);
  std::uint8_t* const octets = frame.octets.data();
  std::uint8_t* const ip = octets + ethernet_octets;
  frame.size = headers + fields.payload_octets;
  assert(frame.size <= frame.octets.size());
  std::memcpy(octets, (to_server ? server_mac : router_mac).data(), 6);
  std::memcpy(octets + 6, (to_server ? router_mac : server_mac).data(), 6);
  if (flow.v6) {
    store16(octets + 12, ethertype_ipv6);
    store32(ip, 0x60000000);
    store16(ip + 4, fields.payload_octets);
    ip[6] = fields.protocol;
    ip[7] = hop_limit;
    std::memcpy(ip + 8, source.data(), 16);
    std::memcpy(ip + 24, destination.data(), 16);
    return headers;
  }
  store16(octets + 12, ethertype_ipv4);
  store16(ip, 0x4500);
  store16(ip + 2, ipv4_octets + fields.payload_octets);
  store16(ip + 4, fields.identification);
  store16(ip + 6, fields.fragment);
  ip[8] = hop_limit;
  ip[9] = fields.protocol;
  store16(ip + 10, 0);
  std::memcpy(ip + 12, source.data(), 4);
  std::memcpy(ip + 16, destination.data(), 4);
  Checksum checksum;
  checksum.add({ip, ipv4_octets});
  checksum.store(ip + 10);
  return headers;
}

void FrameBuilder::udp(Frame& frame, const Flow& flow, Direction direction, std::span<const std::uint8_t> payload) {
  const auto octets = static_cast<std::uint32_t>(udp_octets + payload.size());
  const std::uint32_t flags = direction == Direction::to_server ? 0 : do_not_fragment;
  const std::uint32_t headers = put_ip(frame, flow, direction, {protocol_udp, octets, random_.next16(), flags});
  put_udp(frame.octets.data() + headers, flow, direction, payload);
  pad(frame, direction);
}

void FrameBuilder::udp_fragments(Frame& first, Frame& second, const Flow& flow, std::span<const std::uint8_t> payload) {
  std::array<std::uint8_t, 4096> datagram;
  const auto octets = static_cast<std::uint32_t>(udp_octets + payload.size());
  assert(!flow.v6 && octets > fragment_octets && octets <= 2 * fragment_octets);
  put_udp(datagram.data(), flow, Direction::to_client, payload);
  const std::uint16_t identification = random_.next16();
  const std::uint32_t rest = octets - fragment_octets;
  std::uint32_t headers =
      put_ip(first, flow, Direction::to_client, {protocol_udp, fragment_octets, identification, more_fragments});
  std::memcpy(first.octets.data() + headers, datagram.data(), fragment_octets);
  headers = put_ip(second, flow, Direction::to_client, {protocol_udp, rest, identification, fragment_octets / 8});
  std::memcpy(second.octets.data() + headers, datagram.data() + fragment_octets, rest);
}

void FrameBuilder::tcp(Frame& frame, const Flow& flow, Direction direction, const TcpSegment& segment) {
  const std::uint32_t option_octets = (segment.flags & tcp_syn) != 0 ? 20 : 12;
  const std::uint32_t header = tcp_octets + option_octets;
  const auto octets = static_cast<std::uint32_t>(header + segment.data.size());
  const std::uint32_t headers =
      put_ip(frame, flow, direction, {protocol_tcp, octets, random_.next16(), do_not_fragment});
  std::uint8_t* const tcp = frame.octets.data() + headers;
  put_ports(tcp, flow, direction);
  store32(tcp + 4, segment.sequence);
  store32(tcp + 8, (segment.flags & tcp_ack) != 0 ? segment.acknowledged : 0);
  tcp[12] = static_cast<std::uint8_t>(header / 4 << 4);
  tcp[13] = segment.flags;
  store16(tcp + 14, 64'240);  // window
  store32(tcp + 16, 0);       // checksum, urgent pointer
  put_tcp_options(tcp + tcp_octets, flow, direction, segment);
  if (!segment.data.empty()) std::memcpy(tcp + header, segment.data.data(), segment.data.size());
  Checksum checksum = pseudo_header(flow, protocol_tcp, octets);
  checksum.add({tcp, octets});
  checksum.store(tcp + 16);
  pad(frame, direction);
}

void FrameBuilder::icmp_echo(Frame& frame, const Flow& flow, Direction direction) {
  constexpr std::uint32_t octets = 64;
  const std::uint32_t headers = put_ip(frame, flow, direction, {protocol_icmp, octets, random_.next16(), 0});
  std::uint8_t* const icmp = frame.octets.data() + headers;
  std::memset(icmp, 'a', octets);
  store32(icmp, direction == Direction::to_server ? 0x08000000 : 0);
  store32(icmp + 4, 0x12340001);  // identifier, sequence number
  Checksum checksum;
  checksum.add({icmp, octets});
  checksum.store(icmp + 2);
}

void FrameBuilder::icmp_port_unreachable(Frame& frame, const Flow& flow, std::span<const std::uint8_t> payload) {
  Frame quoted;
  udp(quoted, flow, Direction::to_client, payload);
  const std::uint32_t quoted_octets = quoted.size - ethernet_octets;
  const std::uint32_t octets = 8 + quoted_octets;
  const std::uint32_t headers = put_ip(frame, flow, Direction::to_server, {protocol_icmp, octets, random_.next16(), 0});
  std::uint8_t* const icmp = frame.octets.data() + headers;
  store32(icmp, 0x03030000);
  store32(icmp + 4, 0);
  std::memcpy(icmp + 8, quoted.octets.data() + ethernet_octets, quoted_octets);
  Checksum checksum;
  checksum.add({icmp, octets});
  checksum.store(icmp + 2);
}

void FrameBuilder::arp_query(Frame& frame, const Address& wanted) {
  std::uint8_t* const octets = frame.octets.data();
  frame.size = least_frame_octets;
  std::memset(octets, 0, frame.size);
  std::memset(octets, 0xff, 6);
  std::memcpy(octets + 6, router_mac.data(), 6);
  store16(octets + 12, ethertype_arp);
  store32(octets + 14, 0x00010800);  // Ethernet, IPv4
  store32(octets + 18, 0x06040001);  // their octets, "who has"
  std::memcpy(octets + 22, router_mac.data(), 6);
  store32(octets + 28, 0xc0000201);  // 192.0.2.1
  std::memcpy(octets + 38, wanted.data(), 4);
}

}  // namespace rata::traffic
