#include "decode/opener.h"

#include "decode/icmp.h"
#include "decode/ipv6_headers.h"

namespace rata::decode {
namespace {

/// The frame went into a datagram, as those with the other fragments did, whatever was in that.
Outcome after_joining(const Datagram& datagram, Outcome outcome) {
  return datagram.joined && class_of(outcome) == OutcomeClass::filtered ? Outcome::decoded : outcome;
}

}  // namespace

Opener::Opener(const OpenerConfig& config)
    : config_(config),
      first_port_(config.ports.first()),
      fragments_(config.fragments, protocols_of(config.tunnels), arena_) {}

Outcome Opener::open(Datagram& datagram, bool& whole) {
  for (int tunnels = 0; tunnels <= max_tunnels; ++tunnels) {
    whole = true;
    if (datagram.fragment)
      if (const Outcome outcome = join(datagram, whole); !whole) return outcome;
    if (datagram.protocol == protocol_authentication)
      if (const Outcome outcome = skip_authentication(datagram); outcome != Outcome::decoded) {
        whole = false;
        return after_joining(datagram, outcome);
      }
    const std::optional<Tunnel> tunnel = tunnel_of(datagram, config_.tunnels, config_.ports);
    if (!tunnel) {
      whole = !quotes_port(datagram, config_.ports);
      return whole ? Outcome::decoded : after_joining(datagram, Outcome::dns_in_icmp);
    }
    const Datagram outer = datagram;
    const Outcome outcome = enter(*tunnel, datagram);
    if (outcome == Outcome::decoded) continue;
    if (known_by_port(*tunnel) && class_of(outcome) == OutcomeClass::refused && outcome != Outcome::cut_by_capture) {
      datagram = outer;  // some other user of the port
      return Outcome::decoded;
    }
    whole = false;
    return after_joining(outer, outcome);
  }
  whole = false;
  return Outcome::too_deep;
}

/// `complete` false: what is returned has become of the frame.
Outcome Opener::join(Datagram& datagram, bool& complete) {
  Datagram joined;
  Outcome outcome = fragments_.add(datagram, joined, complete);
  if (!complete) return after_joining(datagram, outcome);
  datagram = joined;
  if (!datagram.source.v6 || !is_ipv6_extension(datagram.protocol)) return Outcome::decoded;
  outcome = skip_ipv6_extensions(datagram);
  if (outcome == Outcome::decoded && datagram.fragment) outcome = Outcome::bad_fragment;
  complete = outcome == Outcome::decoded;
  return outcome;
}

/// From a datagram to the one in it, or why there is none: `bad_tunnel_header` also when the header is another's.
Outcome Opener::enter(Tunnel tunnel, Datagram& datagram) const {
  util::Cursor cursor(datagram.payload);
  Next next = skip_tunnel_header(tunnel, cursor);
  if (next == Next::foreign) return Outcome::bad_tunnel_header;
  next = skip_layers(cursor, next, config_.tunnels);
  if (!cursor.ok()) return datagram.cut ? Outcome::cut_by_capture : Outcome::bad_tunnel_header;
  return open_ip(next, cursor.rest(), datagram.cut, datagram);
}

}  // namespace rata::decode
