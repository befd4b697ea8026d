#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "capture/frame.h"
#include "capture/source.h"
#include "decode/joiner.h"
#include "decode/opener.h"
#include "pipeline/books.h"
#include "pipeline/malformed_file.h"
#include "pipeline/time_guard.h"
#include "reduce/packet.h"

namespace rata::pipeline {

/// Where the packets go.
class PacketSink {
 public:
  virtual ~PacketSink() = default;

  /// Packets of one shard, in input order. Lifetime: until this returns.
  virtual void add(std::size_t shard, std::span<const reduce::Packet> batch) = 0;

  /// All packets before `watermark` in the input have been added. Returns the packet time at which to be called next.
  virtual util::Time advance(util::Time watermark) = 0;
};

struct IntakeConfig {
  std::vector<std::uint16_t> ports = {53};
  std::size_t shards = 8;              ///< logical shards: part of the result, whatever the number of threads
  std::optional<util::Time> from, to;  ///< frames before `from` and from `to` on are left out
  bool guard_time = false;             ///< packet time moves windows: a lone stamp far ahead is not believed
  bool needs_time = false;             ///< windows by time: what has no time, nor anything before it, is in none
  decode::TunnelSet tunnels;           ///< that are looked into
  decode::JoinerLimits limits;         ///< of all shards together, as far as they bound memory
  decode::FragmentLimits fragments;
};

/// Frames become packets: opened in front of the shards; joined, parsed and given the common facts shard by shard.
/// Every frame is counted here, by what became of it.
class Intake {
 public:
  Intake(const IntakeConfig& config, PacketSink& sink);
  ~Intake();

  /// Keeps examples of what cannot be read in a pcap file; "": nowhere. Errors: the file cannot be created, or it is
  /// one of the `inputs`, or would lie in a folder among them.
  util::Result<void> keep_malformed(const std::string& path, const std::vector<std::string>& inputs);

  /// Lifetime: the frames' octets may go when this returns.
  void add(std::span<const capture::Frame> frames);

  /// Packet time moves on without packets: a silent live link.
  void tick(util::Time now);

  /// The input is at its end: nothing that waits for more octets will get them.
  /// Errors: not all examples could be written.
  util::Result<void> finish();

  /// Frames, TCP octets and messages so far; the source's and the channels' figures are not in it.
  Books books() const;

  util::Time watermark() const { return watermark_; }  ///< the latest packet time seen

 private:
  class Shard;

  void take(const capture::Frame& frame);
  void process(const capture::Frame& frame);
  decode::Outcome open(const capture::Frame& frame);
  decode::Outcome open_envelope(const capture::Frame& frame);
  Shard& shard_of(const util::Address& a, const util::Address& b);
  void count(const capture::Frame& frame);
  void refuse_held();
  void flush();

  IntakeConfig config_;
  PacketSink& sink_;
  decode::Opener opener_;
  std::vector<std::unique_ptr<Shard>> shards_;
  Books own_;
  std::unique_ptr<MalformedFile> malformed_file_;
  TimeGuard time_guard_;
  util::Time watermark_{INT64_MIN}, next_advance_{INT64_MIN};
};

}  // namespace rata::pipeline
