#include <optional>

#include "decode/datagram.h"
#include "decode/ip.h"
#include "util/cursor.h"

namespace rata::decode {
namespace {

using capture::Frame;
using capture::LinkType;
using util::Cursor;

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
/// IEEE 802.3 section 3.2.6: below this the field is a length, and an LLC header follows.
constexpr std::uint16_t smallest_ethertype = 0x0600;
constexpr int max_vlan_tags = 4;
constexpr std::uint16_t no_ip = 0;
constexpr std::size_t ethernet_octets = 14;

bool is_vlan(std::uint16_t ethertype) { return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100; }

std::uint16_t skip_vlan_tags(Cursor& cursor, std::uint16_t ethertype) {
  for (int tags = 0; is_vlan(ethertype) && tags < max_vlan_tags; ++tags) {
    cursor.skip(2);
    ethertype = cursor.u16();
  }
  return ethertype;
}

/// IEEE 802.2 with the SNAP extension (RFC 1042); other LLC users carry no IP that we know of.
std::uint16_t skip_llc(Cursor& cursor) {
  constexpr std::uint32_t snap_and_oui_start = 0xaaaa0300;
  const std::uint32_t llc = cursor.u32();
  const std::uint16_t oui_end = cursor.u16();
  if (llc != snap_and_oui_start || oui_end != 0) return no_ip;
  return cursor.u16();
}

std::uint16_t skip_ethernet(Cursor& cursor) {
  cursor.skip(ethernet_octets - 2);
  const std::uint16_t ethertype = skip_vlan_tags(cursor, cursor.u16());
  return ethertype < smallest_ethertype ? skip_llc(cursor) : ethertype;
}

std::uint16_t skip_sll(Cursor& cursor) {
  constexpr std::uint16_t protocol_llc = 4;
  cursor.skip(14);
  const std::uint16_t protocol = cursor.u16();
  return protocol == protocol_llc ? skip_llc(cursor) : skip_vlan_tags(cursor, protocol);
}

std::uint16_t skip_sll2(Cursor& cursor) {
  const std::uint16_t protocol = cursor.u16();
  cursor.skip(18);
  return skip_vlan_tags(cursor, protocol);
}

/// The address family lies in the byte order of the machine that captured, and IPv6 has another number on each system.
/// Some drivers write an EtherType instead.
std::uint16_t skip_null(Cursor& cursor) {
  std::uint32_t family = cursor.u32();
  const auto ethertype = static_cast<std::uint16_t>(family);
  if (ethertype == ethertype_ipv4 || ethertype == ethertype_ipv6) return ethertype;
  if (family > 0xffff) family = __builtin_bswap32(family);
  switch (family) {
    case 2:
      return ethertype_ipv4;
    case 10:  // Linux
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:  // macOS
      return ethertype_ipv6;
    default:
      return no_ip;
  }
}

/// What follows the link header, which the cursor leaves behind. Errors: nullopt for a link type that is not known.
std::optional<std::uint16_t> skip_link_header(LinkType link, Cursor& cursor) {
  switch (link) {
    case LinkType::Ethernet:
      return skip_ethernet(cursor);
    case LinkType::LinuxSll:
      return skip_sll(cursor);
    case LinkType::LinuxSll2:
      return skip_sll2(cursor);
    case LinkType::Null:
    case LinkType::Loop:
      return skip_null(cursor);
    case LinkType::Raw:
    case LinkType::RawBsd:
    case LinkType::RawOpenBsd:
    case LinkType::Ipv4:  // files exist that hold the other version under these two
    case LinkType::Ipv6:
      return cursor.peek() >> 4 == 6 ? ethertype_ipv6 : ethertype_ipv4;
    case LinkType::Dnstap:  // these are no frames: who holds one reads its envelope
    case LinkType::Speedy:
      break;
  }
  return std::nullopt;
}

inline std::uint64_t mix(std::uint64_t word) {
  word ^= word >> 32;
  word *= 0xd6e8feb86659fd93u;
  word ^= word >> 32;
  return word;
}

inline std::uint64_t address_hash(const util::Address& address) {
  const std::uint64_t high = util::big_endian<std::uint64_t>(address.octets.data());
  const std::uint64_t low = util::big_endian<std::uint64_t>(address.octets.data() + 8);
  return mix(high + mix(low + (address.v6 ? 1 : 0)));
}

}  // namespace

Outcome open_frame(const Frame& frame, Datagram& datagram) noexcept {
  datagram.time = frame.time;
  datagram.ordinal = frame.ordinal;
  datagram.joined = false;
  const bool cut = frame.original_length > frame.octets.size();
  // Nearly all frames: Ethernet without tags.
  if (frame.link == LinkType::Ethernet && frame.octets.size() > ethernet_octets) [[likely]] {
    const std::uint16_t ethertype = util::big_endian<std::uint16_t>(frame.octets.data() + ethernet_octets - 2);
    if (ethertype == ethertype_ipv4) return open_ipv4(frame.octets.subspan(ethernet_octets), cut, datagram);
    if (ethertype == ethertype_ipv6) return open_ipv6(frame.octets.subspan(ethernet_octets), cut, datagram);
  }
  Cursor cursor(frame.octets);
  const std::optional<std::uint16_t> ethertype = skip_link_header(frame.link, cursor);
  if (!ethertype) return Outcome::unknown_link_type;
  if (!cursor.ok()) return Outcome::cut_link_header;
  switch (*ethertype) {
    case ethertype_ipv4:
      return open_ipv4(cursor.rest(), cut, datagram);
    case ethertype_ipv6:
      return open_ipv6(cursor.rest(), cut, datagram);
    default:
      return Outcome::not_ip;
  }
}

// Each address becomes one number, an avalanche over its two halves read big-endian; their sum, which does not know
// which came first, goes through another one. The constant is any odd number with mixed bits; it may never change.
std::uint64_t pair_hash(const util::Address& a, const util::Address& b) noexcept {
  return mix(address_hash(a) + address_hash(b));
}

}  // namespace rata::decode
