#include "decode/layers.h"

namespace rata::decode {
namespace {

using util::Cursor;

/// Two tags, two MPLS stacks with Ethernet inside, and LLC leave room: what has more was built to be a bomb.
constexpr int max_layers = 12;

/// IEEE 802.2 with the SNAP extension (RFC 1042, and IEEE 802.1H for what bridges translate), or IP's own SAP; other
/// users of LLC carry no IP that we know of.
Next skip_llc(Cursor& cursor) noexcept {
  constexpr unsigned snap = 0xaaaa03, ip_sap = 0x060603;
  const unsigned header = static_cast<unsigned>(cursor.u8()) << 16 | cursor.u16();
  if (header == ip_sap) return Next::ipv4;
  if (header != snap) return Next::nothing;
  const unsigned oui = static_cast<unsigned>(cursor.u8()) << 16 | cursor.u16();
  const std::uint16_t type = cursor.u16();
  return oui == 0 || oui == 0x0000f8 ? next_of_ethertype(type) : Next::nothing;
}

/// RFC 1661 section 2, RFC 1662 section 3.1. Both the address and control octets and the first octet of the protocol
/// may have been left out by agreement.
Next skip_ppp(Cursor& cursor) noexcept {
  if (cursor.peek(0) == 0xff && cursor.peek(1) == 0x03) cursor.skip(2);
  const bool compressed = (cursor.peek() & 1) != 0;
  switch (compressed ? cursor.u8() : cursor.u16()) {
    case 0x0021:
      return Next::ipv4;
    case 0x0057:
      return Next::ipv6;
    case 0x0281:
    case 0x0283:
      return Next::mpls;
    default:
      return Next::nothing;
  }
}

/// RFC 2516 section 4.
Next skip_pppoe(Cursor& cursor) noexcept {
  constexpr std::uint16_t version_and_code = 0x1100;
  const bool session_data = cursor.u16() == version_and_code;
  cursor.skip(2);
  cursor.limit(cursor.u16());
  return session_data ? Next::ppp : Next::nothing;
}

/// Whether an Ethernet header seems to begin `ahead` of the cursor: its type is one that is in use.
bool ethernet_fits(const Cursor& cursor, std::size_t ahead) noexcept {
  switch (next_of_ethertype(static_cast<std::uint16_t>(cursor.peek(ahead + 12) << 8 | cursor.peek(ahead + 13)))) {
    case Next::ipv4:
    case Next::ipv6:
    case Next::vlan:
    case Next::service_vlan:
    case Next::mpls:
    case Next::pppoe_session:
      return true;
    default:
      return false;
  }
}

/// An address of Ethernet may begin with 4 or 6 as well: IPv4 has a header length too.
bool ip_fits(const Cursor& cursor) noexcept {
  const std::uint8_t first = cursor.peek();
  return first >> 4 == 6 || (first >> 4 == 4 && (first & 15) >= 5);
}

/// Nothing says what an MPLS stack carries; the first four bits tell it as routers guess it (RFC 4928 section 3):
/// 4 and 6 are IP, 0 the control word of a pseudowire (RFC 4385 section 3), of which Ethernet may hold IP. Ethernet
/// without a control word is recognised by its type.
Next skip_mpls(Cursor& cursor) noexcept {
  constexpr std::uint32_t bottom_of_stack = 0x100;
  while (cursor.ok() && (cursor.u32() & bottom_of_stack) == 0) continue;
  constexpr std::size_t control_word_octets = 4;
  const unsigned first = cursor.peek() >> 4;
  if (ip_fits(cursor)) return Next::ip;
  if (first == 0 && ethernet_fits(cursor, control_word_octets)) {
    cursor.skip(control_word_octets);
    return Next::ethernet;
  }
  return ethernet_fits(cursor, 0) ? Next::ethernet : Next::nothing;
}

Next skip_vlan_tag(Cursor& cursor) noexcept {
  cursor.skip(2);
  return next_of_type(cursor.u16());
}

}  // namespace

Next skip_layers(Cursor& cursor, Next next, const TunnelSet& tunnels) noexcept {
  for (int layers = 0; layers < max_layers; ++layers) {
    switch (next) {
      case Next::ip:
        return cursor.peek() >> 4 == 6 ? Next::ipv6 : Next::ipv4;
      case Next::vlan:
      case Next::service_vlan:
      case Next::old_vlan:
        next = skip_vlan_tag(cursor);
        break;
      case Next::llc:
        next = skip_llc(cursor);
        break;
      case Next::ethernet:
        next = skip_ethernet(cursor);
        break;
      case Next::ppp:
        next = skip_ppp(cursor);
        break;
      case Next::pppoe_session:
        next = tunnels.has(Tunnel::pppoe) ? skip_pppoe(cursor) : Next::nothing;
        break;
      case Next::mpls:
      case Next::mpls_multicast:
        next = tunnels.has(Tunnel::mpls) ? skip_mpls(cursor) : Next::nothing;
        break;
      default:
        return next;
    }
  }
  return Next::too_deep;
}

}  // namespace rata::decode
