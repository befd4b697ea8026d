#include "decode/opener.h"

#include "decode/ip.h"
#include "decode/ipv6_headers.h"

namespace rata::decode {
namespace {

Fragments::Protocols joined_protocols() {
  Fragments::Protocols wanted;
  wanted.set(protocol_tcp).set(protocol_udp);
  return wanted;
}

}  // namespace

Opener::Opener(const OpenerConfig& config) : fragments_(config.fragments, joined_protocols(), arena_) {}

Outcome Opener::open(const capture::Frame& frame, Datagram& datagram, bool& whole) {
  whole = false;
  const Outcome outcome = open_frame(frame, datagram);
  return outcome == Outcome::decoded ? open(datagram, whole) : outcome;
}

Outcome Opener::open(Datagram& datagram, bool& whole) {
  whole = true;
  return datagram.fragment ? join(datagram, whole) : Outcome::decoded;
}

Outcome Opener::join(Datagram& datagram, bool& complete) {
  Datagram joined;
  const Outcome outcome = fragments_.add(datagram, joined, complete);
  if (!complete) return outcome;
  datagram = joined;
  if (!datagram.source.v6 || !is_ipv6_extension(datagram.protocol)) return Outcome::decoded;
  const Outcome headers = skip_ipv6_extensions(datagram);
  if (headers == Outcome::decoded && !datagram.fragment) return Outcome::decoded;
  complete = false;
  return headers == Outcome::decoded ? Outcome::bad_fragment : headers;
}

}  // namespace rata::decode
