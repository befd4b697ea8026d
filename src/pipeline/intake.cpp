#include "pipeline/intake.h"

#include <algorithm>
#include <utility>

#include "decode/ip.h"
#include "util/cursor.h"

namespace rata::pipeline {

using decode::Datagram;
using decode::Outcome;

namespace {

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

Intake::Intake(const IntakeConfig& config, PacketSink& sink)
    : config_(config),
      ports_(port_set(config.ports)),
      sink_(sink),
      opener_({.ports = ports_, .tunnels = config.tunnels, .fragments = config.fragments}),
      filling_(config.shards) {
  for (std::size_t i = 0; i < config.shards; ++i)
    shards_.push_back(std::make_unique<Shard>(ShardConfig{.index = i,
                                                          .alone = config.shards == 1,
                                                          .ports = ports_,
                                                          .limits = share_of(config.limits, config.shards),
                                                          .servers = config.servers,
                                                          .names = config.names},
                                              sink_));
  if (config.threads > 1)
    crew_ = std::make_unique<Crew>(config.threads - 1, config.shards,
                                   [this](std::size_t shard, const Parcel& parcel) { shards_[shard]->add(parcel); });
}

Intake::~Intake() = default;

void Intake::add(std::span<const capture::Frame> frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i + decode::frames_ahead < frames.size()) decode::prefetch(frames[i + decode::frames_ahead]);
    take(frames[i]);
  }
  flush();
  if (config_.settle_frames != 0) settle_after(frames.size());
}

void Intake::settle_after(std::size_t frames) {
  unsettled_frames_ += frames;
  if (unsettled_frames_ < config_.settle_frames && !sink_.wants_settling()) return;
  unsettled_frames_ = 0;
  settle();
  sink_.settled();
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
      if (time_guard_.holds_any()) [[unlikely]]
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
  if (frame.time > watermark_) {
    if (watermark_.ns != INT64_MIN && frame.time.ns - watermark_.ns > own_.largest_jump_ns) {
      own_.largest_jump_ns = frame.time.ns - watermark_.ns;
      own_.jump_frame = frame.ordinal;
    }
    watermark_ = frame.time;
    if (watermark_ >= next_advance_) advance();
  }
  // Others may look at the books while packet time moves on: a frame is in them when its outcome will be too.
  count(frame);
  frame.envelope != nullptr ? open_envelope(frame) : open(frame);
}

/// Before packet time moves on, all shards have had what came before.
void Intake::advance() {
  flush();
  settle();
  next_advance_ = sink_.advance(watermark_);
}

void Intake::open(const capture::Frame& frame) {
  bool whole = false;
  Outcome outcome = opener_.open(frame, datagram_, whole);
  if (!whole || (crew_ && stays(datagram_, outcome))) return own_.count(outcome, frame.ordinal);
  pass_on(shard_of(datagram_.source, datagram_.destination), datagram_);
}

/// What no shard would look into is not worth a copy. As Joiner::add says it.
bool Intake::stays(const Datagram& datagram, Outcome& outcome) const {
  const bool has_ports = datagram.protocol == decode::protocol_udp || datagram.protocol == decode::protocol_tcp;
  if (has_ports) {
    if (datagram.payload.size() < 4) return false;
    if (ports_[util::big_endian<std::uint16_t>(datagram.payload.data())]) return false;
    if (ports_[util::big_endian<std::uint16_t>(datagram.payload.data() + 2)]) return false;
  }
  outcome = has_ports ? Outcome::other_port : Outcome::other_protocol;
  if (datagram.joined) outcome = Outcome::decoded;
  return true;
}

void Intake::open_envelope(const capture::Frame& frame) {
  const capture::Envelope& envelope = *frame.envelope;
  if (envelope.content == capture::Envelope::Content::none) return own_.count(Outcome::no_message, frame.ordinal);
  if (envelope.content == capture::Envelope::Content::unreadable) return own_.count(Outcome::bad_record, frame.ordinal);
  pass_on(shard_of(envelope.source, envelope.destination), frame);
}

std::size_t Intake::shard_of(const util::Address& a, const util::Address& b) const {
  const std::size_t hash = decode::pair_hash(a, b), count = shards_.size();
  return (count & (count - 1)) == 0 ? hash & (count - 1) : hash % count;  // a division costs 3 ns
}

template <typename Item>
void Intake::pass_on(std::size_t shard, const Item& item) {
  if (!crew_) return shards_[shard]->add(item);
  Parcel*& parcel = filling_[shard];
  if (parcel == nullptr) parcel = &crew_->take();
  if (parcel->put(item)) return;
  crew_->post(shard, *parcel);
  parcel = &crew_->take();
  parcel->put(item);
}

void Intake::tick(util::Time now) {
  if (watermark_.ns == INT64_MIN || now <= watermark_) return;
  // Silence makes a link fall behind a little each time. What is days behind has never been of now: recorded messages
  // that somebody plays to our socket.
  if (now.ns - watermark_.ns > TimeGuard::jump_ns) return;
  watermark_ = now;
  if (watermark_ >= next_advance_) advance();
}

/// The frames' octets may go. The crew has copies.
void Intake::flush() {
  if (!crew_)
    for (const auto& shard : shards_) shard->flush();
  opener_.release();
}

/// The shards have done all that they were given, and stand still.
void Intake::settle() {
  if (!crew_) return;
  for (std::size_t shard = 0; shard < filling_.size(); ++shard)
    if (Parcel* const parcel = std::exchange(filling_[shard], nullptr)) crew_->post(shard, *parcel);
  crew_->drain();
  if (malformed_file_) malformed_file_->settle();
}

util::Result<void> Intake::finish() {
  refuse_held();
  flush();
  settle();
  opener_.finish();
  for_each(shards_.size(), [this](std::size_t shard) { shards_[shard]->finish(); });
  if (!malformed_file_) return {};
  malformed_file_->settle();
  return malformed_file_->flush();
}

void Intake::for_each(std::size_t count, const Crew::Task& task) {
  if (crew_) return crew_->for_each(count, task);
  for (std::size_t i = 0; i < count; ++i) task(i);
}

util::Result<void> Intake::keep_malformed(const std::string& path, const std::vector<std::string>& inputs) {
  if (path.empty()) return {};
  auto file = MalformedFile::create(path, inputs);
  if (!file) return file.error();
  malformed_file_ = std::move(*file);
  for (const auto& shard : shards_) shard->keep_malformed(malformed_file_.get(), !crew_ || shards_.size() == 1);
  return {};
}

void Intake::keep_malformed(MalformedFile& file) {
  for (const auto& shard : shards_) shard->keep_malformed(&file, false);
}

Books Intake::books() {
  settle();
  Books books = own_;
  books.fragments = opener_.counters();
  for (const auto& shard : shards_) shard->add_to(books);
  return books;
}

}  // namespace rata::pipeline
