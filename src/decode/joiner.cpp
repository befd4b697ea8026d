#include "decode/joiner.h"

#include "decode/ip.h"
#include "decode/tcp_streams.h"
#include "util/cursor.h"

namespace rata::decode {
namespace {

constexpr std::size_t udp_header_octets = 8;

}  // namespace

struct Joiner::State {
  State(const Ports& dns_ports, const JoinerLimits& bounds) : ports(dns_ports), limits(bounds) {}

  Outcome add_udp(const Datagram& datagram, std::vector<Payload>& out) const;
  Outcome add(const Datagram& datagram, std::vector<Payload>& out);

  const Ports ports;
  const JoinerLimits limits;
  JoinerCounters counters;
  Arena arena;
  TcpStreams streams{ports, limits, arena, counters};
};

/// Source: RFC 768; length zero: RFC 2675 section 4 (jumbo datagrams).
Outcome Joiner::State::add_udp(const Datagram& datagram, std::vector<Payload>& out) const {
  const auto octets = datagram.payload;
  util::Cursor cursor(octets);
  const std::uint16_t source_port = cursor.u16();
  const std::uint16_t destination_port = cursor.u16();
  if (cursor.ok() && !ports.either(source_port, destination_port)) return Outcome::other_port;
  std::size_t length = cursor.u16();
  const Outcome too_short = datagram.cut ? Outcome::cut_by_capture : Outcome::bad_udp_header;
  if (octets.size() < udp_header_octets) return too_short;
  if (length == 0) {
    if (datagram.cut) return Outcome::cut_by_capture;
    length = octets.size();
  }
  if (length < udp_header_octets) return Outcome::bad_udp_header;
  if (length > octets.size()) return too_short;
  Payload& payload = out.emplace_back();  // made in its place: a copy would wait for its many small stores
  payload.source = datagram.source;
  payload.destination = datagram.destination;
  payload.octets = octets.subspan(udp_header_octets, length - udp_header_octets);
  payload.time = datagram.time;
  payload.ordinal = datagram.ordinal;
  payload.input = datagram.input;
  payload.source_port = source_port;
  payload.destination_port = destination_port;
  return Outcome::decoded;
}

Outcome Joiner::State::add(const Datagram& datagram, std::vector<Payload>& out) {
  if (datagram.protocol == protocol_udp) return add_udp(datagram, out);
  if (datagram.protocol == protocol_tcp) return streams.add(datagram, out);
  return Outcome::other_protocol;
}

JoinerCounters& JoinerCounters::operator+=(const JoinerCounters& other) {
  for (const auto member :
       {&JoinerCounters::tcp_octets, &JoinerCounters::tcp_delivered, &JoinerCounters::tcp_skipped_gap,
        &JoinerCounters::tcp_skipped_limit, &JoinerCounters::tcp_skipped_unfinished, &JoinerCounters::tcp_repeated,
        &JoinerCounters::tcp_waiting})
    this->*member += other.*member;
  return *this;
}

Joiner::Joiner(const Ports& ports, const JoinerLimits& limits) : state_(std::make_unique<State>(ports, limits)) {}

Joiner::~Joiner() = default;

Outcome Joiner::add(const Datagram& datagram, std::vector<Payload>& out) {
  const Outcome outcome = state_->add(datagram, out);
  // The frame went into a datagram, as those with the other fragments did, whatever that turned out to be.
  return datagram.joined && class_of(outcome) == OutcomeClass::filtered ? Outcome::decoded : outcome;
}

void Joiner::release() { state_->arena.release(); }

void Joiner::finish(std::vector<Payload>& out) { state_->streams.finish(out); }

const JoinerCounters& Joiner::counters() const { return state_->counters; }

}  // namespace rata::decode
