#pragma once

#include <cstdint>

#include "decode/tunnel.h"
#include "util/cursor.h"

namespace rata::decode {

/// What lies at the cursor. Open enum: EtherTypes, and below them, where 802.3 has lengths, numbers of our own.
enum class Next : std::uint16_t {
  // Ours.
  nothing = 0,   ///< sound, but no IP that we could reach
  encrypted,     ///< protected by the link layer
  unknown_link,  ///< nobody knows how to read this
  foreign,       ///< the octets are not what a port number promised
  too_deep,      ///< more layers than anyone stacks
  ip,            ///< IPv4 or IPv6: the version tells
  llc,           ///< IEEE 802.2
  // EtherTypes.
  ipv4 = 0x0800,
  ethernet = 0x6558,  ///< transparent Ethernet bridging
  vlan = 0x8100,      ///< IEEE 802.1Q
  ipv6 = 0x86dd,
  ppp = 0x880b,
  mpls = 0x8847,
  mpls_multicast = 0x8848,
  pppoe_session = 0x8864,
  service_vlan = 0x88a8,  ///< IEEE 802.1ad
  old_vlan = 0x9100,      ///< QinQ before 802.1ad
  erspan_2 = 0x88be,
  erspan_3 = 0x22eb,
};

/// IEEE 802.3 section 3.2.6: below this a type field holds no EtherType.
inline constexpr std::uint16_t smallest_ethertype = 0x0600;

/// A field that holds an EtherType and nothing else. What is none must not pass for one of our numbers.
inline Next next_of_ethertype(std::uint16_t type) noexcept {
  return type < smallest_ethertype ? Next::nothing : static_cast<Next>(type);
}

/// A type field of Ethernet or of a VLAN tag: below the smallest EtherType it is a length, and an LLC header follows.
inline Next next_of_type(std::uint16_t type) noexcept {
  return type < smallest_ethertype ? Next::llc : static_cast<Next>(type);
}

inline Next skip_ethernet(util::Cursor& cursor) noexcept {
  cursor.skip(12);
  return next_of_type(cursor.u16());
}

/// Goes through all that may stand between a link or tunnel header and IP: VLAN tags, LLC, PPPoE, MPLS, bridged
/// Ethernet. Answers `ipv4`, `ipv6`, or one of our numbers that says why there is none; a failed cursor was too short.
Next skip_layers(util::Cursor& cursor, Next next, const TunnelSet& tunnels) noexcept;

}  // namespace rata::decode
