#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/dnstap_batch.h"
#include "capture/frame_streams.h"
#include "capture/octet_input.h"

namespace rata::capture {

/// A program that writes dnstap to our socket. What it does wrong ends it and touches no other.
class DnstapWriter {
 public:
  DnstapWriter(Descriptor connection, std::uint64_t number);

  int descriptor() const { return connection_.number(); }

  /// Reads what has come. No frame of it may be in use.
  void receive();

  /// Hands over the whole frames that lie in the buffer, and answers the handshake.
  void take_frames(DnstapBatch& batch);

  /// One that connects and does not begin takes a place from others, and so does one that has said all and stays: they
  /// go after a while.
  void check_patience(std::chrono::steady_clock::time_point now);

  bool ended() const { return ended_; }
  const std::string& fault() const { return fault_; }  ///< empty: it ended well, or has not
  /// Data frames that came and could not be handed over. Behind a fault nobody knows where further ones begin: the
  /// damaged or cut one counts.
  std::uint64_t left_out() const { return left_out_; }

 private:
  void answer(std::span<const std::uint8_t> frame);
  void closed();
  void fail(const std::string& why);

  Descriptor connection_;
  std::uint64_t number_;                                               ///< which of the writers, from 1
  std::optional<std::chrono::steady_clock::time_point> silent_until_;  ///< set while no stream is under way
  FrameStreams streams_;
  std::vector<std::uint8_t> octets_;
  std::size_t at_ = 0, filled_ = 0;
  bool ended_ = false;
  std::string fault_;
  std::uint64_t left_out_ = 0;
};

}  // namespace rata::capture
