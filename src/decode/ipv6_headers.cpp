#include "decode/ipv6_headers.h"

#include "util/cursor.h"

namespace rata::decode {
namespace {

constexpr std::uint8_t hop_by_hop = 0, routing = 43, fragment = 44, destination_options = 60;

/// Source: RFC 8200 section 4.5.
void read_fragment(util::Cursor& cursor, Datagram& datagram) {
  cursor.skip(1);
  const std::uint16_t offset = cursor.u16();
  datagram.fragment_id = cursor.u32();
  datagram.fragment_offset = offset & 0xfff8u;
  datagram.more_fragments = (offset & 1) != 0;
  // Offset zero and no more to come is an atomic fragment (RFC 6946): a whole datagram.
  datagram.fragment = datagram.fragment_offset != 0 || datagram.more_fragments;
}

/// Units: `length` counts words of 32 bits, less two.
std::size_t authentication_octets(std::size_t length) { return (length + 2) * 4; }

}  // namespace

bool is_ipv6_extension(std::uint8_t protocol) noexcept {
  switch (protocol) {
    case hop_by_hop:
    case routing:
    case fragment:
    case protocol_authentication:
    case destination_options:
      return true;
    default:
      return false;
  }
}

Outcome skip_ipv6_extensions(Datagram& datagram) noexcept {
  util::Cursor cursor(datagram.payload);
  std::uint8_t protocol = datagram.protocol;
  datagram.fragment = false;
  // Every header has eight octets or more, so the datagram's length bounds this loop.
  while (is_ipv6_extension(protocol) && !datagram.fragment && cursor.ok()) {
    const std::uint8_t next = cursor.u8();
    if (protocol == fragment) {
      read_fragment(cursor, datagram);
    } else {
      const std::size_t length = cursor.u8();
      cursor.skip(protocol == protocol_authentication ? authentication_octets(length) - 2 : (length + 1) * 8 - 2);
    }
    protocol = next;
  }
  if (!cursor.ok()) return datagram.cut ? Outcome::cut_by_capture : Outcome::bad_ip_header;
  datagram.protocol = protocol;
  datagram.payload = cursor.rest();
  return Outcome::decoded;
}

Outcome skip_authentication(Datagram& datagram) noexcept {
  util::Cursor cursor(datagram.payload);
  const std::uint8_t next = cursor.u8();
  cursor.skip(authentication_octets(cursor.u8()) - 2);
  if (!cursor.ok()) return datagram.cut ? Outcome::cut_by_capture : Outcome::bad_ip_header;
  datagram.protocol = next;
  datagram.payload = cursor.rest();
  return Outcome::decoded;
}

}  // namespace rata::decode
