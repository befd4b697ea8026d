#include "decode/icmp.h"

#include "decode/ip.h"

namespace rata::decode {
namespace {

constexpr std::uint8_t protocol_icmp = 1, protocol_icmpv6 = 58;

/// Destination unreachable, source quench, redirect, time exceeded, parameter problem.
bool is_error(std::uint8_t type) { return type == 3 || type == 4 || type == 5 || type == 11 || type == 12; }

/// Destination unreachable, packet too big, time exceeded, parameter problem, those yet to come: RFC 4443 section 2.1.
bool is_error_v6(std::uint8_t type) { return type != 0 && type < 128; }

}  // namespace

bool quotes_port(const Datagram& datagram, const Ports& ports) noexcept {
  constexpr std::size_t header_octets = 8;
  if (datagram.protocol != protocol_icmp && datagram.protocol != protocol_icmpv6) return false;
  util::Cursor cursor(datagram.payload);
  const std::uint8_t type = cursor.u8();
  cursor.skip(header_octets - 1);
  if (datagram.protocol == protocol_icmp ? !is_error(type) : !is_error_v6(type)) return false;
  const Next next = cursor.peek() >> 4 == 6 ? Next::ipv6 : Next::ipv4;
  Datagram quoted;
  if (open_ip(next, cursor.rest(), true, quoted) != Outcome::decoded || quoted.fragment_offset != 0) return false;
  if (quoted.protocol != protocol_udp && quoted.protocol != protocol_tcp) return false;
  util::Cursor segment(quoted.payload);
  const std::uint16_t source = segment.u16(), destination = segment.u16();
  return segment.ok() && ports.either(source, destination);
}

}  // namespace rata::decode
