#pragma once

#include "decode/datagram.h"
#include "decode/fragments.h"
#include "decode/ip.h"
#include "decode/memory.h"
#include "decode/tunnels.h"

namespace rata::decode {

struct OpenerConfig {
  Ports ports;        ///< DNS
  TunnelSet tunnels;  ///< that are looked into
  FragmentLimits fragments;
};

/// Opens frames down to their innermost whole IP datagram: link layers, tunnels, IP fragments of any of them. Stands in
/// front of the shards, since only the innermost addresses tell which shard a datagram belongs to.
/// Thread: one.
class Opener {
 public:
  /// Tunnels inside each other; more is an attack.
  static constexpr int max_tunnels = 8;

  explicit Opener(const OpenerConfig& config);

  /// `whole` true: `datagram` goes on to a Joiner, which says what becomes of it. Else what is returned has become of
  /// the frame; `decoded` when it is a fragment that waits for others.
  Outcome open(const capture::Frame& frame, Datagram& datagram, bool& whole) {
    whole = false;
    const Outcome outcome = open_frame(frame, datagram, config_.tunnels);
    if (outcome != Outcome::decoded) return outcome;
    whole = is_innermost(datagram);
    return whole ? outcome : open(datagram, whole);
  }

  /// The same from a datagram on, which may be a fragment or hold a tunnel.
  Outcome open(Datagram& datagram, bool& whole);

  /// Gives the memory of joined datagrams back: every Datagram handed out so far is dead.
  void release() { arena_.release(); }

  /// The input is at its end: fragments that wait for others are given up and counted.
  void finish() { fragments_.finish(); }

  const FragmentCounters& counters() const { return fragments_.counters(); }

 private:
  /// Nearly all datagrams: nothing in them but TCP, or UDP from or to the first DNS port, or on ports that no tunnel
  /// has.
  bool is_innermost(const Datagram& datagram) const noexcept {
    if (datagram.fragment) return false;
    if (datagram.protocol == protocol_tcp) return true;
    if (datagram.protocol != protocol_udp) return false;
    if (datagram.payload.size() < 4) return true;
    const auto source = util::big_endian<std::uint16_t>(datagram.payload.data());
    const auto destination = util::big_endian<std::uint16_t>(datagram.payload.data() + 2);
    return destination == first_port_ || source == first_port_ || !may_be_tunnel(source, destination);
  }

  Outcome join(Datagram& datagram, bool& complete);
  Outcome enter(Tunnel tunnel, Datagram& datagram) const;

  OpenerConfig config_;
  std::uint16_t first_port_;  ///< of DNS: most datagrams have it
  Arena arena_;
  Fragments fragments_;
};

}  // namespace rata::decode
