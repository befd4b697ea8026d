#include "decode/tunnels.h"

#include <algorithm>
#include <array>

#include "decode/ip.h"

namespace rata::decode {
namespace {

using util::Cursor;

constexpr std::array<std::string_view, static_cast<std::size_t>(Tunnel::count_)> names = {
    "gre", "ipip", "6in4", "vxlan", "geneve", "gtp", "mpls", "pppoe"};

constexpr std::pair<std::uint8_t, Tunnel> tunnel_protocols[] = {
    {4, Tunnel::ipip}, {41, Tunnel::six_in_four}, {47, Tunnel::gre}, {137, Tunnel::mpls}};

std::optional<Tunnel> tunnel_on_ports(std::uint16_t source, std::uint16_t destination) noexcept {
  switch (destination) {
    case 4789:
    case 8472:  // where Linux had it before IANA assigned a port
      return Tunnel::vxlan;
    case 6081:
      return Tunnel::geneve;
    default:
      return source == 2152 || destination == 2152 ? std::optional(Tunnel::gtp) : std::nullopt;
  }
}

/// Leaves the cursor at the payload, without what lies behind it. Source: RFC 768.
bool skip_udp_header(Cursor& cursor) noexcept {
  constexpr std::size_t header_octets = 8;
  cursor.skip(4);
  const std::size_t length = cursor.u16();
  cursor.skip(2);
  if (length >= header_octets) cursor.limit(length - header_octets);
  return length >= header_octets || length == 0;
}

// Flags of GRE. Source: RFC 2784, RFC 2890, RFC 1701 (routing), RFC 2637 (acknowledgement).
constexpr unsigned gre_checksum = 0x8000, gre_routing = 0x4000, gre_key = 0x2000, gre_sequence = 0x1000;
constexpr unsigned gre_acknowledgement = 0x0080, gre_version = 0x0007;

/// Source route entries up to an empty one. Each takes four octets or more, so the cursor ends the loop.
void skip_gre_routing(Cursor& cursor) noexcept {
  while (cursor.ok()) {
    const std::uint16_t family = cursor.u16();
    cursor.skip(1);
    const std::size_t length = cursor.u8();
    if (family == 0 && length == 0) return;
    cursor.skip(length);
  }
}

/// RFC 2637 section 4.1: PPP in GRE. Without a sequence number it is an acknowledgement and carries nothing.
Next skip_enhanced_gre(Cursor& cursor, unsigned flags, Next protocol) noexcept {
  cursor.skip(4);
  if ((flags & gre_sequence) != 0) cursor.skip(4);
  if ((flags & gre_acknowledgement) != 0) cursor.skip(4);
  return protocol == Next::ppp && (flags & gre_sequence) != 0 ? Next::ppp : Next::nothing;
}

/// Mirrored Ethernet. Source: draft-foschiano-erspan. Type I has no header and no sequence number in GRE.
Next skip_erspan(Cursor& cursor, unsigned flags, Next protocol) noexcept {
  if (protocol == Next::erspan_2) {
    if ((flags & gre_sequence) != 0) cursor.skip(8);
    return Next::ethernet;
  }
  cursor.skip(11);
  const bool has_platform_header = (cursor.u8() & 1) != 0;
  if (has_platform_header) cursor.skip(8);
  return Next::ethernet;
}

Next skip_gre(Cursor& cursor) noexcept {
  const unsigned flags = cursor.u16();
  const Next protocol = next_of_ethertype(cursor.u16());
  if ((flags & gre_version) == 1) return skip_enhanced_gre(cursor, flags, protocol);
  if ((flags & gre_version) != 0) return Next::nothing;
  if ((flags & (gre_checksum | gre_routing)) != 0) cursor.skip(4);
  if ((flags & gre_key) != 0) cursor.skip(4);
  if ((flags & gre_sequence) != 0) cursor.skip(4);
  if ((flags & gre_routing) != 0) skip_gre_routing(cursor);
  if (protocol == Next::erspan_2 || protocol == Next::erspan_3) return skip_erspan(cursor, flags, protocol);
  return protocol;
}

/// RFC 7348 section 5; the other flags are those of extensions that leave the header's shape alone.
Next skip_vxlan(Cursor& cursor) noexcept {
  constexpr std::uint8_t valid_network = 0x08;
  const bool valid = (cursor.u8() & valid_network) != 0;
  cursor.skip(7);
  return valid ? Next::ethernet : Next::foreign;
}

/// RFC 8926 section 3.4.
Next skip_geneve(Cursor& cursor) noexcept {
  const std::uint8_t version_and_length = cursor.u8();
  cursor.skip(1);
  const Next protocol = next_of_ethertype(cursor.u16());
  cursor.skip(4u + (version_and_length & 0x3fu) * 4u);
  if (version_and_length >> 6 != 0) return Next::foreign;
  return protocol == Next::ethernet || protocol == Next::ipv4 || protocol == Next::ipv6 ? protocol : Next::nothing;
}

/// 3GPP TS 29.281 section 5.2. Extension headers count their length in units of four octets and end in the type of the
/// next one; one of length zero would never end.
void skip_gtp_extensions(Cursor& cursor, std::uint8_t type) noexcept {
  while (type != 0 && cursor.ok()) {
    const std::size_t octets = cursor.peek() * 4u;
    if (octets == 0) return cursor.fail();
    cursor.skip(octets - 1);
    type = cursor.u8();
  }
}

/// 3GPP TS 29.281 section 5.1: version 1, message type "G-PDU". What it carries is not told; IP tells its version.
Next skip_gtp(Cursor& cursor) noexcept {
  constexpr std::uint8_t version_mask = 0xf0, version_1_gtp = 0x30, optional_fields = 0x07, has_extensions = 0x04;
  constexpr std::uint8_t g_pdu = 255;
  const std::uint8_t flags = cursor.u8();
  const std::uint8_t message = cursor.u8();
  const std::size_t length = cursor.u16();
  cursor.skip(4);
  if ((flags & version_mask) != version_1_gtp || message != g_pdu) return Next::foreign;
  cursor.limit(length);
  if ((flags & optional_fields) != 0) {
    cursor.skip(3);
    const std::uint8_t extension = cursor.u8();
    if ((flags & has_extensions) != 0) skip_gtp_extensions(cursor, extension);
  }
  const unsigned ip_version = cursor.peek() >> 4;
  return ip_version == 4 || ip_version == 6 ? Next::ip : Next::nothing;
}

}  // namespace

std::span<const std::string_view> tunnel_names() { return names; }

std::optional<Tunnel> tunnel_named(std::string_view name) {
  const auto* found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Tunnel>(found - names.begin());
}

std::optional<Tunnel> tunnel_of(const Datagram& datagram, const TunnelSet& tunnels, const Ports& dns) noexcept {
  std::optional<Tunnel> tunnel;
  if (datagram.protocol == protocol_udp) {
    Cursor cursor(datagram.payload);
    const std::uint16_t source = cursor.u16(), destination = cursor.u16();
    if (cursor.ok() && !dns.either(source, destination)) tunnel = tunnel_on_ports(source, destination);
  } else {
    for (const auto& [protocol, carried] : tunnel_protocols)
      if (protocol == datagram.protocol) tunnel = carried;
  }
  return tunnel && tunnels.has(*tunnel) ? tunnel : std::nullopt;
}

Next skip_tunnel_header(Tunnel tunnel, Cursor& cursor) noexcept {
  if (known_by_port(tunnel) && !skip_udp_header(cursor)) return Next::foreign;
  switch (tunnel) {
    case Tunnel::gre:
      return skip_gre(cursor);
    case Tunnel::ipip:
      return Next::ipv4;
    case Tunnel::six_in_four:
      return Next::ipv6;
    case Tunnel::vxlan:
      return skip_vxlan(cursor);
    case Tunnel::geneve:
      return skip_geneve(cursor);
    case Tunnel::gtp:
      return skip_gtp(cursor);
    case Tunnel::mpls:
      return Next::mpls;
    case Tunnel::pppoe:
    case Tunnel::count_:
      break;
  }
  return Next::nothing;
}

Fragments::Protocols protocols_of(const TunnelSet& tunnels) {
  Fragments::Protocols wanted;
  wanted.set(protocol_tcp).set(protocol_udp);
  for (const auto& [protocol, tunnel] : tunnel_protocols)
    if (tunnels.has(tunnel)) wanted.set(protocol);
  return wanted;
}

}  // namespace rata::decode
