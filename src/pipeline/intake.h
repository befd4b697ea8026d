#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "capture/frame.h"
#include "capture/source.h"
#include "decode/joiner.h"
#include "decode/opener.h"
#include "pipeline/books.h"
#include "pipeline/crew.h"
#include "pipeline/malformed_file.h"
#include "pipeline/server_map.h"
#include "pipeline/shard.h"
#include "pipeline/time_guard.h"
#include "reduce/packet.h"

namespace rata::pipeline {

struct IntakeConfig {
  std::vector<std::uint16_t> ports = {53};
  std::size_t shards = 8;              ///< logical shards: part of the result, whatever the number of threads
  std::size_t threads = 1;             ///< that share the work on the shards, the one that calls `add` included
  const ServerMap* servers = nullptr;  ///< which packets are whose; nullptr: all are server 0's
  bool names = true;                   ///< packets get their names in lower case
  /// After so many frames the sink is told that all shards have come as far as the input; 0: nobody wants to know.
  std::size_t settle_frames = 0;
  std::optional<util::Time> from, to;  ///< frames before `from` and from `to` on are left out
  bool guard_time = false;             ///< packet time moves windows: a lone stamp far ahead is not believed
  bool needs_time = false;             ///< windows by time: what has no time, nor anything before it, is in none
  decode::TunnelSet tunnels;           ///< that are looked into
  decode::JoinerLimits limits;         ///< of all shards together, as far as they bound memory
  decode::FragmentLimits fragments;
};

/// The most `IntakeConfig::threads` that make sense to ask for.
inline constexpr unsigned most_threads = 64;

/// Frames become packets: opened in front of the shards; joined, parsed and given the common facts shard by shard.
/// Every frame is counted here, by what became of it.
///
/// With one thread all of that happens inside `add`. With more, `add` opens the frames and copies what is in them for
/// the crew, which works on the shards; it waits for the crew only before packet time moves on, and at the end. A shard
/// gets the same datagrams in the same order either way.
/// Thread: one calls; the sink's `add` is called on all.
class Intake {
 public:
  Intake(const IntakeConfig& config, PacketSink& sink);
  ~Intake();

  /// Keeps examples of what cannot be read in a pcap file; "": nowhere. Errors: the file cannot be created, or it is
  /// one of the `inputs`, or would lie in a folder among them.
  util::Result<void> keep_malformed(const std::string& path, const std::vector<std::string>& inputs);
  /// The same in a file that several share; its owner settles it.
  void keep_malformed(MalformedFile& file);

  /// Lifetime: the frames' octets may go when this returns.
  void add(std::span<const capture::Frame> frames);

  /// Packet time moves on without packets: a silent live link.
  void tick(util::Time now);

  /// The input is at its end: nothing that waits for more octets will get them.
  /// Errors: not all examples could be written.
  util::Result<void> finish();

  /// Frames, TCP octets and messages so far; the source's and the channels' figures are not in it.
  Books books();

  /// Calls `task` with 0 to `count - 1`, on all threads; to be called while nothing is added, or in `advance`.
  void for_each(std::size_t count, const Crew::Task& task);

  util::Time watermark() const { return watermark_; }  ///< the latest packet time seen

 private:
  void take(const capture::Frame& frame);
  void process(const capture::Frame& frame);
  void advance();
  void open(const capture::Frame& frame);
  void open_envelope(const capture::Frame& frame);
  std::size_t shard_of(const util::Address& a, const util::Address& b) const;
  template <typename Item>
  void pass_on(std::size_t shard, const Item& item);
  bool stays(const decode::Datagram& datagram, decode::Outcome& outcome) const;
  void count(const capture::Frame& frame);
  void refuse_held();
  void flush();
  void settle();
  void settle_after(std::size_t frames);

  IntakeConfig config_;
  decode::Ports ports_;
  PacketSink& sink_;
  decode::Opener opener_;
  decode::Datagram datagram_;  ///< what is being opened; here, since emptying one for each frame costs 3 ns
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<Parcel*> filling_;  ///< by shard
  std::size_t unsettled_frames_ = 0;
  Books own_;
  std::unique_ptr<MalformedFile> malformed_file_;
  TimeGuard time_guard_;
  util::Time watermark_{INT64_MIN}, next_advance_{INT64_MIN};
  std::unique_ptr<Crew> crew_;  ///< last: its threads work on what is above
};

}  // namespace rata::pipeline
