#include "pipeline/intake.h"

#include <algorithm>
#include <array>

#include "dns/name.h"
#include "util/hash.h"

namespace rata::pipeline {

using decode::Datagram;
using decode::Outcome;
using decode::Payload;
using reduce::Packet;

namespace {

/// Packets handed to the reducers at a time: enough to hide the way to memory, few enough to stay in the cache.
constexpr std::size_t packets_per_batch = 256;

decode::JoinerLimits share_of(const decode::JoinerLimits& limits, std::size_t shards) {
  decode::JoinerLimits share = limits;
  share.streams = limits.streams / shards;
  share.total_octets = limits.total_octets / shards;
  return share;
}

decode::Ports port_set(const std::vector<std::uint16_t>& ports) {
  decode::Ports set;
  for (const std::uint16_t port : ports) set.set(port);
  return set;
}

}  // namespace

/// What one logical shard owns. Nothing of it is touched by another.
class Intake::Shard {
 public:
  Shard(std::size_t index, const IntakeConfig& config, PacketSink& sink)
      : index_(index),
        alone_(config.shards == 1),
        sink_(sink),
        joiner_(port_set(config.ports), share_of(config.limits, config.shards)) {
    packets_.reserve(packets_per_batch);
    names_.resize(packets_per_batch * name_room);
  }

  Outcome add(const Datagram& datagram) {
    payloads_.clear();
    const Outcome outcome = joiner_.add(datagram, payloads_);
    for (const Payload& payload : payloads_) read(payload, nullptr);
    return outcome;
  }

  /// A DNS message with its envelope.
  void add(const capture::Frame& frame) {
    const capture::Envelope& envelope = *frame.envelope;
    read({.source = envelope.source,
          .destination = envelope.destination,
          .octets = frame.octets,
          .time = frame.time,
          .ordinal = frame.ordinal,
          .source_port = envelope.source_port,
          .destination_port = envelope.destination_port,
          .transport = envelope.transport},
         &envelope);
  }

  void flush() {
    hand_over();
    joiner_.release();
  }

  void finish() {
    // Whole messages may lie behind a gap in a stream that nothing will fill any more.
    payloads_.clear();
    joiner_.finish(payloads_);
    for (const Payload& payload : payloads_) read(payload, nullptr);
    flush();
  }

  void keep_malformed(MalformedFile* file) { malformed_file_ = file; }

  void add_to(Books& books) const {
    books.decode += joiner_.counters();
    books.messages += books_.messages;
    books.well_formed += books_.well_formed;
    books.broken_records += books_.broken_records;
    for (std::size_t i = 0; i < books.malformed.size(); ++i) {
      books.malformed[i] += books_.malformed[i];
      books.first_malformed[i] = earlier(books.first_malformed[i], books_.first_malformed[i]);
    }
  }

 private:
  /// Places in the input, 0 for none.
  static std::uint64_t earlier(std::uint64_t a, std::uint64_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

  static constexpr std::size_t name_room = 256;  // the longest name, rounded up to whole words

  void hand_over() {
    if (!packets_.empty()) sink_.add(index_, packets_);
    packets_.clear();
  }

  void read(const Payload& payload, const capture::Envelope* envelope) {
    ++books_.messages;
    // A full batch goes, but the joined octets of this payload's neighbours stay until the next flush.
    if (packets_.size() == packets_per_batch) hand_over();
    Packet& packet = packets_.emplace_back();
    const dns::Malformed reason = dns::parse(payload.octets, packet.message);
    if (reason != dns::Malformed::none) {
      packets_.pop_back();
      // A lone shard may close windows by packet count: what came before goes first, so that the loss is told with the
      // window in which it happened however the input was cut into reads.
      if (alone_) hand_over();
      if (books_.malformed[static_cast<std::size_t>(reason)]++ == 0)
        books_.first_malformed[static_cast<std::size_t>(reason)] = payload.ordinal + 1;
      if (malformed_file_ != nullptr) malformed_file_->keep(payload, reason);
      return;
    }
    ++books_.well_formed;
    books_.broken_records += packet.message.broken_records;
    describe(payload, packet);
    if (envelope != nullptr) note_envelope(*envelope, packet);
  }

  /// The facts that reducers share.
  void describe(const Payload& payload, Packet& packet) {
    // The one who asks is who sent the query, whichever port it came from.
    const bool response = packet.message.is_response();
    packet.client = response ? payload.destination : payload.source;
    packet.server = response ? payload.source : payload.destination;
    packet.client_port = response ? payload.destination_port : payload.source_port;
    packet.server_port = response ? payload.source_port : payload.destination_port;
    packet.time = payload.time;
    packet.ordinal = payload.ordinal;
    packet.transport = payload.transport;
    packet.client_hash = util::table_hash(packet.client.bytes());
    if (!packet.message.has_question()) return;
    std::uint8_t* name = names_.data() + (packets_.size() - 1) * name_room;
    dns::fold_case(packet.message.qname, name);
    packet.qname = {name, packet.message.qname.size()};
    packet.qname_hash = util::table_hash(packet.qname);
  }

  static void note_envelope(const capture::Envelope& envelope, Packet& packet) {
    const bool response = packet.message.is_response();
    packet.lacks = envelope.lacks;
    packet.client_text = response ? envelope.destination_text : envelope.source_text;
    packet.server_text = response ? envelope.source_text : envelope.destination_text;
  }

  std::size_t index_;
  bool alone_;
  PacketSink& sink_;
  MalformedFile* malformed_file_ = nullptr;
  decode::Joiner joiner_;
  std::vector<Payload> payloads_;
  std::vector<Packet> packets_;
  std::vector<std::uint8_t> names_;  // the packets' folded names, `name_room` each
  Books books_;
};

Intake::Intake(const IntakeConfig& config, PacketSink& sink)
    : config_(config),
      sink_(sink),
      opener_({.ports = port_set(config.ports), .tunnels = config.tunnels, .fragments = config.fragments}) {
  for (std::size_t i = 0; i < config.shards; ++i) shards_.push_back(std::make_unique<Shard>(i, config_, sink_));
}

Intake::~Intake() = default;

void Intake::add(std::span<const capture::Frame> frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i + decode::frames_ahead < frames.size()) decode::prefetch(frames[i + decode::frames_ahead]);
    take(frames[i]);
  }
  flush();
}

void Intake::take(const capture::Frame& frame) {
  if ((config_.from && frame.time < *config_.from) || (config_.to && frame.time >= *config_.to)) {
    count(frame);
    ++own_.outside_time;
    return;
  }
  const bool timeless = frame.envelope != nullptr && frame.envelope->lacks.has(util::Member::time);
  if (timeless && config_.needs_time && watermark_.ns == INT64_MIN) {
    count(frame);
    ++own_.no_time;
    return;
  }
  if (!config_.guard_time) return process(frame);
  if (timeless) {
    // It stands beside the one before it, and says nothing about how far time has come: that one may wait.
    capture::Frame stamped = frame;
    if (watermark_.ns != INT64_MIN) stamped.time = std::min(frame.time, watermark_);
    return process(stamped);
  }
  switch (time_guard_.look_at(frame, watermark_)) {
    case TimeGuard::Verdict::go_on:
      refuse_held();
      return process(frame);
    case TimeGuard::Verdict::held:
      return;
    case TimeGuard::Verdict::believe:
      for (const capture::Frame& held : time_guard_.held()) process(held);
      flush();  // before the copies go
      time_guard_.forget();
      return;
  }
}

// A frame is in the books once it is known what becomes of it: they balance also while one is held.
void Intake::count(const capture::Frame& frame) {
  ++own_.frames;
  own_.octets += frame.octets.size();
}

void Intake::refuse_held() {
  for (const capture::Frame& frame : time_guard_.held()) {
    count(frame);
    ++own_.implausible_time;
  }
  time_guard_.forget();
}

void Intake::process(const capture::Frame& frame) {
  count(frame);
  if (frame.time > watermark_) {
    if (watermark_.ns != INT64_MIN && frame.time.ns - watermark_.ns > own_.largest_jump_ns) {
      own_.largest_jump_ns = frame.time.ns - watermark_.ns;
      own_.jump_frame = frame.ordinal;
    }
    watermark_ = frame.time;
    if (watermark_ >= next_advance_) {
      flush();
      next_advance_ = sink_.advance(watermark_);
    }
  }
  const Outcome outcome = frame.envelope != nullptr ? open_envelope(frame) : open(frame);
  ++own_.outcomes[static_cast<std::size_t>(outcome)];
  if (decode::class_of(outcome) != decode::OutcomeClass::refused) [[likely]]
    return;
  std::uint64_t& first = own_.first_frame[static_cast<std::size_t>(outcome)];
  if (first == 0) first = frame.ordinal + 1;
}

Outcome Intake::open(const capture::Frame& frame) {
  Datagram datagram;
  bool whole = false;
  const Outcome outcome = opener_.open(frame, datagram, whole);
  return whole ? shard_of(datagram.source, datagram.destination).add(datagram) : outcome;
}

Outcome Intake::open_envelope(const capture::Frame& frame) {
  const capture::Envelope& envelope = *frame.envelope;
  if (envelope.content == capture::Envelope::Content::none) return Outcome::no_message;
  if (envelope.content == capture::Envelope::Content::unreadable) return Outcome::bad_record;
  shard_of(envelope.source, envelope.destination).add(frame);
  return Outcome::decoded;
}

Intake::Shard& Intake::shard_of(const util::Address& a, const util::Address& b) {
  return *shards_[decode::pair_hash(a, b) % shards_.size()];
}

void Intake::tick(util::Time now) {
  if (watermark_.ns == INT64_MIN || now <= watermark_) return;
  // Silence makes a link fall behind a little each time. What is days behind has never been of now: recorded messages
  // that somebody plays to our socket.
  if (now.ns - watermark_.ns > TimeGuard::jump_ns) return;
  watermark_ = now;
  if (watermark_ < next_advance_) return;
  flush();
  next_advance_ = sink_.advance(watermark_);
}

void Intake::flush() {
  for (const auto& shard : shards_) shard->flush();
  opener_.release();
}

util::Result<void> Intake::finish() {
  refuse_held();
  flush();
  opener_.finish();
  for (const auto& shard : shards_) shard->finish();
  return malformed_file_ ? malformed_file_->flush() : util::Result<void>{};
}

util::Result<void> Intake::keep_malformed(const std::string& path, const std::vector<std::string>& inputs) {
  if (path.empty()) return {};
  auto file = MalformedFile::create(path, inputs);
  if (!file) return file.error();
  malformed_file_ = std::move(*file);
  for (const auto& shard : shards_) shard->keep_malformed(malformed_file_.get());
  return {};
}

Books Intake::books() const {
  Books books = own_;
  books.fragments = opener_.counters();
  for (const auto& shard : shards_) shard->add_to(books);
  return books;
}

}  // namespace rata::pipeline
