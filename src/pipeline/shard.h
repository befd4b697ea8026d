#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "capture/frame.h"
#include "decode/joiner.h"
#include "pipeline/books.h"
#include "pipeline/malformed_file.h"
#include "pipeline/parcel.h"
#include "pipeline/server_map.h"
#include "reduce/malformed.h"
#include "reduce/packet.h"

namespace rata::pipeline {

/// Where the packets go.
class PacketSink {
 public:
  virtual ~PacketSink() = default;

  /// Packets of one shard and one watched server, in input order. Lifetime: until this returns.
  /// Thread: any, but one at a time for a shard.
  virtual void add(std::size_t shard, std::size_t server, std::span<const reduce::Packet> batch) = 0;

  /// A message that is no packet. Lifetime and thread as above.
  virtual void add_malformed(std::size_t, std::size_t, const reduce::MalformedMessage&) {}

  /// All packets of what came before in the input have been added, in all shards.
  virtual void settled() {}
  /// Somebody wants that soon.
  virtual bool wants_settling() { return false; }

  /// All packets before `watermark` in the input have been added. Returns the packet time at which to be called next.
  virtual util::Time advance(util::Time watermark) = 0;
};

struct ShardConfig {
  std::size_t index = 0;  ///< for the sink
  /// The only one: packets of several servers reach the sink in the order of the input, since windows by packet count
  /// close on the spot.
  bool alone = false;
  decode::Ports ports;
  decode::JoinerLimits limits;         ///< of this shard
  const ServerMap* servers = nullptr;  ///< nullptr: all are server 0
  bool names = true;                   ///< packets get their names in lower case
};

/// What one logical shard owns: it joins TCP streams, parses messages and gives them the common facts. Nothing of it is
/// touched by another shard.
/// Thread: one at a time.
class Shard {
 public:
  Shard(const ShardConfig& config, PacketSink& sink);

  void add(const decode::Datagram& datagram);
  /// A DNS message with its envelope.
  void add(const capture::Frame& frame);
  /// All of it, and then nothing of it is needed any more.
  void add(const Parcel& parcel);

  /// Hands on what has been gathered; the frames' octets may go.
  void flush();
  /// The input is at its end.
  void finish();

  /// `at_once`: shards take their turns in the order of the input, so that nothing has to be put in order.
  void keep_malformed(MalformedFile* file, bool at_once);

  void add_to(Books& books) const;

 private:
  /// Packets of one server that wait to be handed on.
  struct Batch {
    std::vector<reduce::Packet> packets;  ///< the first `size` of them; so none is made anew
    std::vector<std::uint8_t> names;      ///< the packets' folded names, `name_room` each
    std::size_t size = 0;
  };

  void read(const decode::Payload& payload, const capture::Envelope* envelope);
  void refuse(const decode::Payload& payload, dns::Malformed reason, std::size_t server,
              const capture::Envelope* envelope);
  void tell_malformed(const decode::Payload& payload, dns::Malformed reason, std::size_t server,
                      const capture::Envelope* envelope);
  std::size_t server_of(const decode::Payload& payload);
  Batch& batch_for(std::size_t server);
  void describe(const decode::Payload& payload, reduce::Packet& packet) const;
  static void fold_name(Batch& batch);
  void hand_over(std::size_t server);
  void hand_over_all();

  const ShardConfig config_;
  PacketSink& sink_;
  MalformedFile* malformed_file_ = nullptr;
  bool keep_at_once_ = true;
  decode::Joiner joiner_;
  std::vector<decode::Payload> payloads_;
  std::vector<Batch> batches_;  ///< by server
  std::size_t last_server_ = 0;
  ServerMap::Memory memory_;
  std::uint64_t frame_ = 0;  ///< ordinal of the frame at work
  Books books_;
};

}  // namespace rata::pipeline
