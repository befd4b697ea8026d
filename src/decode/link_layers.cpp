#include "decode/link_layers.h"

#include <array>

namespace rata::decode {
namespace {

using capture::LinkType;
using util::Cursor;

std::uint16_t little_endian_u16(Cursor& cursor) { return __builtin_bswap16(cursor.u16()); }
std::uint32_t little_endian_u32(Cursor& cursor) { return __builtin_bswap32(cursor.u32()); }

Next next_of_cooked(std::uint16_t protocol) noexcept {
  constexpr std::uint16_t protocol_llc = 4;
  return protocol == protocol_llc ? Next::llc : next_of_ethertype(protocol);
}

Next skip_sll(Cursor& cursor) noexcept {
  cursor.skip(14);
  return next_of_cooked(cursor.u16());
}

Next skip_sll2(Cursor& cursor) noexcept {
  const std::uint16_t protocol = cursor.u16();
  cursor.skip(18);
  return next_of_cooked(protocol);
}

Next skip_raw(Cursor&) noexcept { return Next::ip; }

/// IPv6 has another number on each system.
Next next_of_family(std::uint32_t family) noexcept {
  switch (family) {
    case 2:
      return Next::ipv4;
    case 10:  // Linux
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:  // macOS
      return Next::ipv6;
    default:
      return Next::nothing;
  }
}

/// The address family lies in the byte order of the machine that captured. Some drivers write an EtherType instead.
Next skip_null(Cursor& cursor) noexcept {
  std::uint32_t family = cursor.u32();
  const Next type = next_of_ethertype(static_cast<std::uint16_t>(family));
  if (type == Next::ipv4 || type == Next::ipv6) return type;
  if (family > 0xffff) family = __builtin_bswap32(family);
  return next_of_family(family);
}

/// Cisco HDLC: address, control, EtherType.
Next skip_cisco_hdlc(Cursor& cursor) noexcept {
  cursor.skip(2);
  return next_of_cooked(cursor.u16());
}

/// Both are found under the numbers of PPP: RFC 1547 section 4.3.1 has the addresses of Cisco HDLC.
Next skip_ppp_or_hdlc(Cursor& cursor) noexcept {
  constexpr std::uint8_t unicast = 0x0f, multicast = 0x8f;
  const std::uint8_t address = cursor.peek();
  return address == unicast || address == multicast ? skip_cisco_hdlc(cursor) : Next::ppp;
}

Next skip_ppp_with_direction(Cursor& cursor) noexcept {
  cursor.skip(1);
  return Next::ppp;
}

/// Here the session is the link: it is not the tunnel that can be switched off.
Next skip_ppp_over_ethernet(Cursor& cursor) noexcept {
  cursor.skip(4);
  cursor.limit(cursor.u16());
  return Next::ppp;
}

/// RFC 1051: the type alone. RFC 1201 section 4: fragments, of which the first ones have an odd flag, and a whole
/// packet zero. Not handled: what later fragments hold.
Next skip_arcnet_type(Cursor& cursor, bool exceptions) noexcept {
  constexpr std::uint8_t ipv4_rfc1051 = 240, ipv4 = 212, ipv6 = 196, exception = 0xff;
  const std::uint8_t type = cursor.u8();
  if (type == ipv4_rfc1051) return Next::ipv4;
  if (type != ipv4 && type != ipv6) return Next::nothing;
  std::uint8_t flag = cursor.u8();
  if (exceptions && flag == exception) {
    cursor.skip(3);
    flag = cursor.u8();
  }
  cursor.skip(2);
  if (flag != 0 && (flag & 1) == 0) return Next::nothing;
  return type == ipv4 ? Next::ipv4 : Next::ipv6;
}

Next skip_arcnet(Cursor& cursor) noexcept {
  cursor.skip(2);
  return skip_arcnet_type(cursor, true);
}

Next skip_arcnet_linux(Cursor& cursor) noexcept {
  cursor.skip(4);
  return skip_arcnet_type(cursor, false);
}

Next skip_fddi(Cursor& cursor) noexcept {
  constexpr std::uint8_t format_mask = 0xf0, llc_format = 0x50;
  const bool llc = (cursor.u8() & format_mask) == llc_format;
  cursor.skip(12);
  return llc ? Next::llc : Next::nothing;
}

/// IEEE 802.5; source routing: a bit of the source address says that a field follows which says its own length.
Next skip_token_ring(Cursor& cursor) noexcept {
  constexpr std::uint8_t format_mask = 0xc0, llc_format = 0x40, routed = 0x80, length_mask = 0x1f;
  cursor.skip(1);
  const bool llc = (cursor.u8() & format_mask) == llc_format;
  cursor.skip(6);
  const bool has_route = (cursor.peek() & routed) != 0;
  cursor.skip(6);
  if (has_route) cursor.skip(cursor.peek() & length_mask);
  return llc ? Next::llc : Next::nothing;
}

Next skip_nested(std::uint32_t link, Cursor& cursor) noexcept;

/// Apple's header before frames of all kinds of interfaces. Little-endian: no machine that writes it is anything else.
Next skip_pktap(Cursor& cursor) noexcept {
  constexpr std::uint32_t packet_record = 1;
  constexpr std::size_t read_octets = 12;
  const std::uint32_t length = little_endian_u32(cursor);
  const std::uint32_t record = little_endian_u32(cursor);
  const std::uint32_t link = little_endian_u32(cursor);
  if (!cursor.ok()) return Next::nothing;
  if (length < read_octets || record != packet_record) return Next::unknown_link;
  cursor.skip(length - read_octets);
  return skip_nested(link, cursor);
}

/// "Per-Packet Information": headers that say what they like, before a frame of any kind.
Next skip_ppi(Cursor& cursor) noexcept {
  constexpr std::size_t read_octets = 8;
  cursor.skip(2);
  const std::uint16_t length = little_endian_u16(cursor);
  const std::uint32_t link = little_endian_u32(cursor);
  if (length < read_octets) cursor.fail();
  cursor.skip(length - read_octets);
  return skip_nested(link, cursor);
}

using Skip = Next (*)(Cursor&) noexcept;

constexpr std::size_t numbers = 280;

constexpr auto link_layers = [] {
  std::array<Skip, numbers> table{};
  const auto set = [&](LinkType link, Skip skip) { table[static_cast<std::size_t>(link)] = skip; };
  set(LinkType::Ethernet, skip_ethernet);
  set(LinkType::LinuxSll, skip_sll);
  set(LinkType::LinuxSll2, skip_sll2);
  set(LinkType::Null, skip_null);
  set(LinkType::Loop, skip_null);
  set(LinkType::Raw, skip_raw);
  set(LinkType::RawBsd, skip_raw);
  set(LinkType::RawOpenBsd, skip_raw);
  set(LinkType::Ipv4, skip_raw);  // files exist that hold the other version under these two
  set(LinkType::Ipv6, skip_raw);
  set(LinkType::Ppp, skip_ppp_or_hdlc);
  set(LinkType::PppHdlc, skip_ppp_or_hdlc);
  set(LinkType::PppOverEthernet, skip_ppp_over_ethernet);
  set(LinkType::PppWithDirection, skip_ppp_with_direction);
  set(LinkType::CiscoHdlc, skip_cisco_hdlc);
  set(LinkType::Wifi, skip_wifi);
  set(LinkType::WifiRadiotap, skip_radiotap);
  set(LinkType::WifiPrism, skip_prism);
  set(LinkType::WifiAvs, skip_avs);
  set(LinkType::Ppi, skip_ppi);
  set(LinkType::Nflog, skip_nflog);
  set(LinkType::Arcnet, skip_arcnet);
  set(LinkType::ArcnetLinux, skip_arcnet_linux);
  set(LinkType::Fddi, skip_fddi);
  set(LinkType::TokenRing, skip_token_ring);
  set(LinkType::Pktap, skip_pktap);
  set(LinkType::User2, skip_pktap);  // where Apple's tools put it before it had a number
  return table;
}();

/// What stands behind a header that names the link layer itself; such headers do not nest.
Next skip_nested(std::uint32_t link, Cursor& cursor) noexcept {
  if (link >= numbers) return Next::unknown_link;
  const Skip skip = link_layers[link];
  return skip == nullptr || skip == skip_pktap || skip == skip_ppi ? Next::unknown_link : skip(cursor);
}

}  // namespace

Next skip_link_header(LinkType link, Cursor& cursor) noexcept {
  const auto number = static_cast<std::size_t>(link);
  if (number >= numbers || link_layers[number] == nullptr) return Next::unknown_link;
  return link_layers[number](cursor);
}

}  // namespace rata::decode
