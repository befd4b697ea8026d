#include "decode/datagram.h"
#include "decode/ip.h"
#include "decode/link_layers.h"
#include "util/cursor.h"

namespace rata::decode {
namespace {

constexpr std::size_t ethernet_octets = 14;

}  // namespace

Outcome open_frame(const capture::Frame& frame, Datagram& datagram, const TunnelSet& tunnels) noexcept {
  datagram.time = frame.time;
  datagram.ordinal = frame.ordinal;
  datagram.input = frame.input;
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

}  // namespace rata::decode
