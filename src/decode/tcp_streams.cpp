#include "decode/tcp_streams.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "util/cursor.h"

namespace rata::decode {
namespace {

constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, ack = 0x10;
constexpr std::size_t fixed_header_octets = 20;

/// Whether the first comes before the second, which tells the sides of a connection apart: by address, then by port.
bool is_lower(const util::Address& a, std::uint16_t a_port, const util::Address& b, std::uint16_t b_port) {
  for (const std::size_t at : {std::size_t{0}, sizeof(std::uint64_t)}) {
    const auto of_a = util::big_endian<std::uint64_t>(a.octets.data() + at),
               of_b = util::big_endian<std::uint64_t>(b.octets.data() + at);
    if (of_a != of_b) return of_a < of_b;
  }
  return a_port < b_port;
}

/// The endpoints of a connection, the lower one first: one entry for both directions.
FlowKey key_of(const Datagram& datagram, std::uint16_t source_port, std::uint16_t destination_port, bool& reversed) {
  reversed = is_lower(datagram.destination, destination_port, datagram.source, source_port);
  if (reversed) std::swap(source_port, destination_port);
  return {.first = FlowKey::words_of(reversed ? datagram.destination : datagram.source),
          .second = FlowKey::words_of(reversed ? datagram.source : datagram.destination),
          .rest = std::uint64_t{source_port} | std::uint64_t{destination_port} << 16 |
                  std::uint64_t{datagram.source.v6} << 32};
}

void read_endpoint(const FlowKey& key, unsigned which, util::Address& address, std::uint16_t& port) {
  std::memcpy(address.octets.data(), (which == 0 ? key.first : key.second).data(), sizeof address.octets);
  address.v6 = (key.rest >> 32) != 0;
  port = static_cast<std::uint16_t>(key.rest >> (which * 16));
}

constexpr std::size_t most_retired = 256;

std::size_t block_count(const JoinerLimits& limits) { return limits.total_octets / sizeof(Block); }

}  // namespace

struct TcpStreams::Segment {
  std::span<const std::uint8_t> data;
  Stamp stamp;
  std::uint32_t sequence = 0, acknowledged = 0;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t flags = 0;
  bool cut = false;

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  std::uint32_t first_octet() const { return has(syn) ? sequence + 1 : sequence; }
};

TcpStreams::TcpStreams(const Ports& ports, const JoinerLimits& limits, Arena& arena, JoinerCounters& counters)
    : ports_(ports),
      shared_{.limits = limits,
              .arena = arena,
              .counters = counters,
              .blocks = BlockPool(block_count(limits)),
              .scratch = {},
              .out = nullptr,
              .head = {}},
      table_(limits.streams / 2) {
  shared_.head.transport = Transport::tcp;
}

/// Source: RFC 9293 section 3.1. The ports have been read.
Outcome TcpStreams::read_header(const Datagram& datagram, Segment& segment) {
  const auto octets = datagram.payload;
  const Outcome too_short = datagram.cut ? Outcome::cut_by_capture : Outcome::bad_tcp_header;
  if (octets.size() < fixed_header_octets) return too_short;
  const std::size_t header_octets = (octets[12] >> 4) * 4u;
  if (header_octets < fixed_header_octets) return Outcome::bad_tcp_header;
  if (header_octets > octets.size()) return too_short;
  segment.sequence = util::big_endian<std::uint32_t>(octets.data() + 4);
  segment.acknowledged = util::big_endian<std::uint32_t>(octets.data() + 8);
  segment.flags = octets[13];
  segment.data = octets.subspan(header_octets);
  segment.stamp = {datagram.time, datagram.ordinal, datagram.input};
  segment.cut = datagram.cut;
  return Outcome::decoded;
}

Outcome TcpStreams::add(const Datagram& datagram, std::vector<Payload>& out) {
  Segment segment;
  util::Cursor cursor(datagram.payload);
  segment.source_port = cursor.u16();
  segment.destination_port = cursor.u16();
  if (cursor.ok() && !ports_.either(segment.source_port, segment.destination_port)) return Outcome::other_port;
  if (const Outcome outcome = read_header(datagram, segment); outcome != Outcome::decoded) return outcome;

  bool reversed = false;
  const FlowKey key = key_of(datagram, segment.source_port, segment.destination_port, reversed);
  shared_.out = &out;
  forget_idle(datagram.time);
  Table::Entry* entry = table_.find(key);
  const bool news = !segment.has(rst) && (segment.has(syn) || !segment.data.empty());
  if (entry == nullptr && news) entry = &enter(key, datagram.time);
  if (entry != nullptr) {
    table_.touch(*entry);
    entry->value.last = datagram.time;
    make_room(*entry, segment.data.size());
    take_segment(entry->value, reversed ? 1 : 0, key, segment);
    retire(*entry);
  }
  return segment.cut ? Outcome::cut_by_capture : Outcome::decoded;
}

TcpStreams::Table::Entry& TcpStreams::enter(const FlowKey& key, util::Time now) {
  if (table_.full()) give_up(*table_.oldest(), &JoinerCounters::tcp_skipped_limit);
  Table::Entry& entry = table_.insert(key);
  entry.value.last = now;
  return entry;
}

/// Sees to it that a segment's octets can wait: the connections idle longest give up theirs.
void TcpStreams::make_room(const Table::Entry& current, std::size_t octets) {
  const std::size_t wanted = octets / sizeof(Block::octets) + 3;
  for (auto* entry = table_.oldest(); entry != nullptr && shared_.blocks.available() < wanted;
       entry = table_.newer_than(*entry)) {
    if (entry == &current) continue;
    for (TcpDirection& direction : entry->value.directions)
      if (direction.waits()) direction.discard(&JoinerCounters::tcp_skipped_limit, shared_);
  }
}

void TcpStreams::take_segment(Connection& connection, unsigned side, const FlowKey& key, const Segment& segment) {
  TcpDirection& own = connection.directions[side];
  TcpDirection& peer = connection.directions[1 - side];
  if (segment.has(ack)) {
    if (peer.waits_for_gap()) set_head(key, 1 - side);
    peer.acknowledge(segment.acknowledged, shared_);
  }
  set_head(key, side);
  if (segment.has(syn)) own.open(segment.sequence, shared_);
  // What a RST carries is a text about its reason (RFC 9293 section 3.5.3), not part of the stream.
  if (!segment.data.empty() && !segment.has(rst)) own.add(segment.first_octet(), segment.data, segment.stamp, shared_);
  // What the capture has cut off would have come before the FIN.
  if (segment.has(fin) && !segment.cut)
    own.close(segment.first_octet() + static_cast<std::uint32_t>(segment.data.size()), shared_);
  if (segment.has(rst)) own.abort(shared_);
}

void TcpStreams::set_head(const FlowKey& key, unsigned side) {
  Payload& head = shared_.head;
  read_endpoint(key, side, head.source, head.source_port);
  read_endpoint(key, 1 - side, head.destination, head.destination_port);
}

void TcpStreams::give_up(Table::Entry& entry, std::uint64_t JoinerCounters::* reason) {
  for (unsigned side = 0; side < 2; ++side) {
    if (!entry.value.directions[side].waits()) continue;
    set_head(entry.key, side);
    entry.value.directions[side].give_up(reason, shared_);
  }
  table_.erase(entry);
}

void TcpStreams::forget_idle(util::Time now) {
  for (auto* entry = table_.oldest(); entry != nullptr && now.ns - entry->value.last.ns > shared_.limits.stream_idle_ns;
       entry = table_.oldest())
    give_up(*entry, &JoinerCounters::tcp_skipped_unfinished);
}

void TcpStreams::retire(Table::Entry& entry) {
  Connection& connection = entry.value;
  const bool closed = connection.directions[0].closed() && connection.directions[1].closed();
  if (connection.retired == closed) return;
  connection.retired = closed;
  if (!closed) return;  // opened again
  if (retired_.size() < most_retired) {
    retired_.push_back(entry.key);
    return;
  }
  Table::Entry* const oldest = table_.find(retired_[next_retired_]);
  retired_[next_retired_] = entry.key;
  next_retired_ = (next_retired_ + 1) % most_retired;
  // The same ports may have opened another connection since.
  if (oldest != nullptr && oldest != &entry && oldest->value.retired)
    give_up(*oldest, &JoinerCounters::tcp_skipped_unfinished);
}

void TcpStreams::finish(std::vector<Payload>& out) {
  shared_.out = &out;
  while (auto* entry = table_.oldest()) give_up(*entry, &JoinerCounters::tcp_skipped_unfinished);
}

}  // namespace rata::decode
