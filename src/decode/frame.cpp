#include "decode/datagram.h"
#include "decode/ip.h"
#include "decode/link_layers.h"
#include "util/cursor.h"

namespace rata::decode {
namespace {

constexpr std::size_t ethernet_octets = 14;

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

Outcome open_frame(const capture::Frame& frame, Datagram& datagram, const TunnelSet& tunnels) noexcept {
  datagram.time = frame.time;
  datagram.ordinal = frame.ordinal;
  datagram.joined = false;
  const bool cut = frame.original_length > frame.octets.size();
  // Nearly all frames: Ethernet without tags.
  if (frame.link == capture::LinkType::Ethernet && frame.octets.size() > ethernet_octets) [[likely]] {
    const Next next{util::big_endian<std::uint16_t>(frame.octets.data() + ethernet_octets - 2)};
    if (next == Next::ipv4) return open_ipv4(frame.octets.subspan(ethernet_octets), cut, datagram);
    if (next == Next::ipv6) return open_ipv6(frame.octets.subspan(ethernet_octets), cut, datagram);
  }
  util::Cursor cursor(frame.octets);
  const Next next = skip_layers(cursor, skip_link_header(frame.link, cursor), tunnels);
  return cursor.ok() ? open_ip(next, cursor.rest(), cut, datagram) : Outcome::cut_link_header;
}

// Each address becomes one number, an avalanche over its two halves read big-endian; their sum, which does not know
// which came first, goes through another one. The constant is any odd number with mixed bits; it may never change.
std::uint64_t pair_hash(const util::Address& a, const util::Address& b) noexcept {
  return mix(address_hash(a) + address_hash(b));
}

}  // namespace rata::decode
