#include "pipeline/shard.h"

#include <utility>

#include "dns/name.h"

namespace rata::pipeline {

using decode::Datagram;
using decode::Payload;
using reduce::Packet;

namespace {

/// Packets handed on at a time: enough to hide the way to memory, few enough to stay in the cache.
constexpr std::size_t packets_per_batch = 256;

constexpr std::size_t name_room = 256;  // the longest name, rounded up to whole words

void note_envelope(const capture::Envelope& envelope, Packet& packet) {
  const bool response = packet.message.is_response();
  packet.lacks = envelope.lacks;
  packet.client_text = response ? envelope.destination_text : envelope.source_text;
  packet.server_text = response ? envelope.source_text : envelope.destination_text;
}

}  // namespace

Shard::Shard(const ShardConfig& config, PacketSink& sink)
    : config_(config),
      sink_(sink),
      joiner_(config.ports, config.limits),
      batches_(config.servers != nullptr ? config.servers->size() : 1) {}

void Shard::add(const Datagram& datagram) {
  payloads_.clear();
  frame_ = datagram.ordinal;
  books_.count(joiner_.add(datagram, payloads_), datagram.ordinal);
  for (const Payload& payload : payloads_) read(payload, nullptr);
}

void Shard::add(const capture::Frame& frame) {
  const capture::Envelope& envelope = *frame.envelope;
  frame_ = frame.ordinal;
  books_.count(decode::Outcome::decoded, frame.ordinal);
  read({.source = envelope.source,
        .destination = envelope.destination,
        .octets = frame.octets,
        .time = frame.time,
        .ordinal = frame.ordinal,
        .input = frame.input,
        .source_port = envelope.source_port,
        .destination_port = envelope.destination_port,
        .transport = envelope.transport},
       &envelope);
}

void Shard::add(const Parcel& parcel) {
  for (const Datagram& datagram : parcel.datagrams()) add(datagram);
  for (const capture::Frame& message : parcel.messages()) add(message);
  flush();
}

void Shard::flush() {
  hand_over_all();
  joiner_.release();
}

void Shard::finish() {
  // Whole messages may lie behind a gap in a stream that nothing will fill any more.
  payloads_.clear();
  frame_ = UINT64_MAX;
  joiner_.finish(payloads_);
  for (const Payload& payload : payloads_) read(payload, nullptr);
  flush();
}

void Shard::keep_malformed(MalformedFile* file, bool at_once) {
  malformed_file_ = file;
  keep_at_once_ = at_once;
}

void Shard::add_to(Books& books) const {
  books += books_;
  books.decode += joiner_.counters();
}

void Shard::hand_over(std::size_t server) {
  Batch& batch = batches_[server];
  if (batch.size != 0) sink_.add(config_.index, server, {batch.packets.data(), batch.size});
  batch.size = 0;
}

void Shard::hand_over_all() {
  for (std::size_t server = 0; server < batches_.size(); ++server) hand_over(server);
}

/// Where to put the next packet of a server. A full batch goes, but the joined octets of its neighbours stay until the
/// next flush.
Shard::Batch& Shard::batch_for(std::size_t server) {
  if (config_.alone && server != last_server_) hand_over(std::exchange(last_server_, server));
  Batch& batch = batches_[server];
  if (batch.size == packets_per_batch) hand_over(server);
  if (batch.packets.empty()) {
    batch.packets.resize(packets_per_batch);
    if (config_.names) batch.names.resize(packets_per_batch * name_room);
  }
  return batch;
}

/// By the address of the side that responds, which the QR bit tells (RFC 1035 section 4.1.1) before anything is parsed.
std::size_t Shard::server_of(const Payload& payload) {
  constexpr std::uint8_t response_bit = 0x80;
  const bool response = payload.octets.size() > 2 && (payload.octets[2] & response_bit) != 0;
  return config_.servers->of(response ? payload.source : payload.destination, payload.input, memory_);
}

void Shard::read(const Payload& payload, const capture::Envelope* envelope) {
  ++books_.messages;
  const std::size_t server = config_.servers != nullptr ? server_of(payload) : 0;
  Batch& batch = batch_for(server);
  Packet& packet = batch.packets[batch.size];
  const dns::Malformed reason = dns::parse(payload.octets, packet.message);
  if (reason != dns::Malformed::none) return refuse(payload, reason, server, envelope);
  ++books_.well_formed;
  books_.broken_records += packet.message.broken_records;
  describe(payload, packet);
  if (config_.names) fold_name(batch);
  if (envelope != nullptr) note_envelope(*envelope, packet);
  ++batch.size;
}

void Shard::refuse(const Payload& payload, dns::Malformed reason, std::size_t server,
                   const capture::Envelope* envelope) {
  // What came before goes first, so that the result does not depend on how the input was cut into reads: a lone shard
  // may close windows by packet count, and the loss is told with the window in which it happened.
  if (config_.alone)
    hand_over_all();
  else
    hand_over(server);
  tell_malformed(payload, reason, server, envelope);
  const std::uint64_t before = books_.malformed[static_cast<std::size_t>(reason)]++;
  std::uint64_t& first = books_.first_malformed[static_cast<std::size_t>(reason)];
  if (before == 0) first = payload.ordinal + 1;
  if (malformed_file_ == nullptr) return;
  if (keep_at_once_)
    malformed_file_->keep(payload, reason);
  else if (before < MalformedFile::examples_per_reason)
    malformed_file_->keep_later({.frame = frame_, .shard = config_.index, .message = books_.messages}, payload, reason);
}

void Shard::tell_malformed(const Payload& payload, dns::Malformed reason, std::size_t server,
                           const capture::Envelope* envelope) {
  constexpr std::size_t flags_at = 2;
  constexpr std::uint8_t response_bit = 0x80;
  const bool has_flags = payload.octets.size() > flags_at;
  reduce::MalformedMessage message{
      .reason = reason,
      .source = payload.source,
      .time = payload.time,
      .ordinal = payload.ordinal,
      .octets = payload.octets.size(),
      .query = has_flags ? (payload.octets[flags_at] & response_bit) == 0 : config_.ports[payload.destination_port]};
  if (envelope != nullptr) {
    message.lacks = envelope->lacks;
    message.source_text = envelope->source_text;
  }
  sink_.add_malformed(config_.index, server, message);
}

/// The facts that reducers share. All members: another packet was here before.
void Shard::describe(const Payload& payload, Packet& packet) const {
  // The one who asks is who sent the query, whichever port it came from.
  const bool response = packet.message.is_response();
  packet.client = response ? payload.destination : payload.source;
  packet.server = response ? payload.source : payload.destination;
  packet.time = payload.time;
  packet.ordinal = payload.ordinal;
  packet.turn = frame_;
  packet.client_port = response ? payload.destination_port : payload.source_port;
  packet.server_port = response ? payload.source_port : payload.destination_port;
  packet.transport = payload.transport;
  packet.lacks = {};
  packet.client_text = {};
  packet.server_text = {};
  packet.qname = {};
  packet.response_ns = -1;
}

void Shard::fold_name(Batch& batch) {
  Packet& packet = batch.packets[batch.size];
  if (!packet.message.has_question()) return;
  std::uint8_t* const name = batch.names.data() + batch.size * name_room;
  dns::fold_case(packet.message.qname, name);
  packet.qname = {name, packet.message.qname.size()};
}

}  // namespace rata::pipeline
