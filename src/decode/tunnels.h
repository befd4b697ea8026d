#pragma once

#include "decode/datagram.h"
#include "decode/fragments.h"
#include "decode/layers.h"

namespace rata::decode {

/// Whether UDP between these ports may be a tunnel. Of GTP either port counts: some nodes answer from it.
inline bool may_be_tunnel(std::uint16_t source, std::uint16_t destination) noexcept {
  return destination == 4789 || destination == 8472 || destination == 6081 || destination == 2152 || source == 2152;
}

/// The tunnel that a whole datagram's payload should begin with, judged by protocol number and port alone. DNS wins: a
/// datagram from or to a DNS port is none.
std::optional<Tunnel> tunnel_of(const Datagram& datagram, const TunnelSet& tunnels, const Ports& dns) noexcept;

/// Moves the cursor, which stands at the datagram's payload, behind the tunnel's header. `foreign`: this is not that
/// tunnel, whatever the port says.
Next skip_tunnel_header(Tunnel tunnel, util::Cursor& cursor) noexcept;

/// A port number is no proof.
inline bool known_by_port(Tunnel tunnel) noexcept {
  return tunnel == Tunnel::vxlan || tunnel == Tunnel::geneve || tunnel == Tunnel::gtp;
}

/// The IP protocols in which DNS can be, with these tunnels opened.
Fragments::Protocols protocols_of(const TunnelSet& tunnels);

}  // namespace rata::decode
