#include "decode/joiner.h"

#include "decode/fragments.h"
#include "decode/ipv6_headers.h"
#include "decode/tcp_streams.h"
#include "util/cursor.h"

namespace rata::decode {
namespace {

constexpr std::uint8_t tcp = 6, udp = 17;
constexpr std::size_t udp_header_octets = 8;

}  // namespace

struct Joiner::State {
  State(const Ports& dns_ports, const JoinerLimits& bounds) : ports(dns_ports), limits(bounds) {}

  Outcome add_udp(const Datagram& datagram, std::vector<Payload>& out) const;
  Outcome add_whole(const Datagram& datagram, std::vector<Payload>& out);
  Outcome add_fragment(const Datagram& datagram, std::vector<Payload>& out);

  const Ports ports;
  const JoinerLimits limits;
  JoinerCounters counters;
  Arena arena;
  TcpStreams streams{ports, limits, arena, counters};
  Fragments fragments{limits, arena, counters};
};

/// Source: RFC 768; length zero: RFC 2675 section 4 (jumbo datagrams).
Outcome Joiner::State::add_udp(const Datagram& datagram, std::vector<Payload>& out) const {
  const auto octets = datagram.payload;
  util::Cursor cursor(octets);
  const std::uint16_t source_port = cursor.u16();
  const std::uint16_t destination_port = cursor.u16();
  if (cursor.ok() && !ports[source_port] && !ports[destination_port]) return Outcome::other_port;
  std::size_t length = cursor.u16();
  const Outcome too_short = datagram.cut ? Outcome::cut_by_capture : Outcome::bad_udp_header;
  if (octets.size() < udp_header_octets) return too_short;
  if (length == 0) {
    if (datagram.cut) return Outcome::cut_by_capture;
    length = octets.size();
  }
  if (length < udp_header_octets) return Outcome::bad_udp_header;
  if (length > octets.size()) return too_short;
  out.push_back({.source = datagram.source,
                 .destination = datagram.destination,
                 .octets = octets.subspan(udp_header_octets, length - udp_header_octets),
                 .time = datagram.time,
                 .ordinal = datagram.ordinal,
                 .source_port = source_port,
                 .destination_port = destination_port,
                 .transport = Transport::udp});
  return Outcome::decoded;
}

Outcome Joiner::State::add_whole(const Datagram& datagram, std::vector<Payload>& out) {
  if (datagram.protocol == udp) return add_udp(datagram, out);
  if (datagram.protocol == tcp) return streams.add(datagram, out);
  return Outcome::other_protocol;
}

Outcome Joiner::State::add_fragment(const Datagram& datagram, std::vector<Payload>& out) {
  Datagram whole;
  bool complete = false;
  const Outcome outcome = fragments.add(datagram, whole, complete);
  if (!complete) return outcome;
  if (whole.source.v6 && is_ipv6_extension(whole.protocol)) {
    if (const Outcome headers = skip_ipv6_extensions(whole); headers != Outcome::decoded) return headers;
    if (whole.fragment) return Outcome::bad_fragment;
  }
  const Outcome joined = add_whole(whole, out);
  // The frame went into a datagram, as the others did, whatever that turned out to be.
  return class_of(joined) == OutcomeClass::filtered ? Outcome::decoded : joined;
}

JoinerCounters& JoinerCounters::operator+=(const JoinerCounters& other) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += other.outcomes[i];
  for (const auto member :
       {&JoinerCounters::fragments, &JoinerCounters::datagrams_joined, &JoinerCounters::datagrams_given_up,
        &JoinerCounters::tcp_octets, &JoinerCounters::tcp_delivered, &JoinerCounters::tcp_skipped_gap,
        &JoinerCounters::tcp_skipped_limit, &JoinerCounters::tcp_skipped_unfinished, &JoinerCounters::tcp_repeated,
        &JoinerCounters::tcp_waiting})
    this->*member += other.*member;
  return *this;
}

Joiner::Joiner(const Ports& ports, const JoinerLimits& limits) : state_(std::make_unique<State>(ports, limits)) {}

Joiner::~Joiner() = default;

Outcome Joiner::add(const Datagram& datagram, std::vector<Payload>& out) {
  const Outcome outcome = datagram.fragment ? state_->add_fragment(datagram, out) : state_->add_whole(datagram, out);
  ++state_->counters.outcomes[static_cast<std::size_t>(outcome)];
  return outcome;
}

void Joiner::release() { state_->arena.release(); }

void Joiner::finish(std::vector<Payload>& out) {
  state_->fragments.finish();
  state_->streams.finish(out);
}

const JoinerCounters& Joiner::counters() const { return state_->counters; }

}  // namespace rata::decode
