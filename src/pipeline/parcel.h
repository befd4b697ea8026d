#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "capture/frame.h"
#include "decode/datagram.h"

namespace rata::pipeline {

/// What one thread hands to another at a time, all bound for one shard: datagrams, or messages with their envelopes,
/// with copies of their octets. Does not allocate once warm.
class Parcel {
 public:
  /// As many packets as a shard hands on at a time.
  static constexpr std::size_t most_items = 256;

  Parcel() { datagrams_.reserve(most_items); }

  bool empty() const { return datagrams_.empty() && messages_.empty(); }

  /// False when there is no room: an empty parcel has room for whatever one frame brings.
  bool put(const decode::Datagram& datagram) {
    if (!messages_.empty() || datagrams_.size() == most_items || !has_room(datagram.payload.size())) return false;
    datagrams_.push_back(datagram);
    datagrams_.back().payload = copy(datagram.payload);
    return true;
  }

  /// A frame that is a message and has an envelope.
  bool put(const capture::Frame& frame) {
    const capture::Envelope& envelope = *frame.envelope;
    const std::size_t octets = frame.octets.size() + envelope.source_text.size() + envelope.destination_text.size();
    if (!datagrams_.empty() || messages_.size() == most_items || !has_room(octets)) return false;
    // Frames point at their envelopes, so these may not move.
    envelopes_.reserve(most_items);
    messages_.reserve(most_items);
    capture::Envelope& kept = envelopes_.emplace_back(envelope);
    kept.source_text = copy(envelope.source_text);
    kept.destination_text = copy(envelope.destination_text);
    capture::Frame& message = messages_.emplace_back(frame);
    message.octets = copy(frame.octets);
    message.envelope = &kept;
    return true;
  }

  std::span<const decode::Datagram> datagrams() const { return datagrams_; }
  std::span<const capture::Frame> messages() const { return messages_; }

  void clear() {
    datagrams_.clear();
    messages_.clear();
    envelopes_.clear();
    used_ = 0;
  }

 private:
  /// One IP datagram of the largest size, or a few hundred of the usual one.
  static constexpr std::size_t usual_octets = 66 * 1024;

  bool has_room(std::size_t octets) {
    if (octets <= size_ - used_) return true;
    if (!empty()) return false;
    size_ = std::max(usual_octets, octets);
    octets_ = std::make_unique_for_overwrite<std::uint8_t[]>(size_);
    return true;
  }

  std::span<const std::uint8_t> copy(std::span<const std::uint8_t> octets) {
    std::uint8_t* const at = octets_.get() + used_;
    std::copy(octets.begin(), octets.end(), at);
    used_ += octets.size();
    return {at, octets.size()};
  }
  std::string_view copy(std::string_view text) {
    const auto kept = copy({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    return {reinterpret_cast<const char*>(kept.data()), kept.size()};
  }

  std::vector<decode::Datagram> datagrams_;
  std::vector<capture::Frame> messages_;
  std::vector<capture::Envelope> envelopes_;
  std::unique_ptr<std::uint8_t[]> octets_;
  std::size_t size_ = 0, used_ = 0;
};

}  // namespace rata::pipeline
