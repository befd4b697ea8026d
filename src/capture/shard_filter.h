#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <vector>

namespace rata::capture {

/// Classic BPF, as the kernel runs it on each packet of a socket.
using Program = std::vector<sock_filter>;

/// How packets are dealt to the rings of an interface: the ring of a packet is its shard modulo the rings.
struct Dealing {
  std::size_t shards = 8;
  std::size_t rings = 1;
};

/// Returns the number of a packet's ring: `util::pair_hash` of its outermost IP addresses, in the kernel. 0 for what is
/// no IP, or has a VLAN tag that the kernel left where it was. For PACKET_FANOUT_CBPF.
Program ring_number(const Dealing& dealing);

/// Lets through what `ring_number` gives to ring `mine`, and goes on to the instructions behind it; for sockets that
/// are in no fanout group. `header_octets`: where the network layer begins in what the socket sees. A datagram without
/// a whole IP header is in none of the rings.
Program only_ring(const Dealing& dealing, std::size_t mine, std::size_t header_octets);

/// Rejects what loopback shows for the second time, as outgoing, and goes on to the instructions behind it.
Program no_echo();

Program accept_all();
Program reject_all();

}  // namespace rata::capture
