#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decode/joiner.h"
#include "decode/memory.h"

namespace rata::decode {

/// What the streams of one joiner share.
struct TcpShared {
  const JoinerLimits& limits;
  Arena& arena;
  JoinerCounters& counters;
  BlockPool blocks;
  std::vector<std::uint8_t> scratch;
  std::vector<Payload>* out = nullptr;
  Payload head;  ///< addresses and ports of the direction at work
};

/// One direction of a TCP connection: puts segments in sequence order and cuts the stream into DNS messages.
///
/// Octets in order go through `consume`. What is ahead of a gap waits in blocks, sorted, the first copy of an octet
/// being the one that counts. A gap that nobody will fill is skipped. When the message before it had told its length,
/// the next boundary is known; otherwise the octets are searched for one.
/// Source: RFC 9293, RFC 1035 section 4.2.2, RFC 7766.
class TcpDirection {
 public:
  bool started() const { return started_; }
  bool waits_for_gap() const { return ahead_head_ != BlockPool::none; }
  bool waits() const { return waits_for_gap() || message_octets() > 0; }
  /// Nothing more is expected: FIN reached, or RST.
  bool closed() const { return closed_; }

  /// A SYN: its sequence number precedes the first octet. Another one than before starts the stream anew.
  void open(std::uint32_t sequence, TcpShared& shared);
  /// Data at `sequence`; starts the stream when nothing is known of it.
  void add(std::uint32_t sequence, std::span<const std::uint8_t> data, const Stamp& stamp, TcpShared& shared);
  /// The other side has everything before `sequence`: a gap before it is the capture's.
  void acknowledge(std::uint32_t sequence, TcpShared& shared);
  /// No octet follows the one before `sequence`.
  void close(std::uint32_t sequence, TcpShared& shared);
  /// The sender will say no more (RST).
  void abort(TcpShared& shared);

  /// Delivers what lies behind gaps and gives up the rest, for `reason`.
  void give_up(std::uint64_t JoinerCounters::* reason, TcpShared& shared);
  /// Gives up all that waits, for `reason`, and delivers nothing.
  void discard(std::uint64_t JoinerCounters::* reason, TcpShared& shared);

 private:
  enum class Sync : std::uint8_t {
    searching,   ///< no boundary known
    guessed,     ///< in a message that was found by its looks
    confirming,  ///< behind such a message: the next one proves it
    sure,
  };
  using Octets = std::span<const std::uint8_t>;

  void start(std::uint32_t sequence, bool at_boundary);
  void restart(std::uint32_t sequence, bool at_boundary, TcpShared& shared);
  void add_in_order(Octets data, const Stamp& stamp, TcpShared& shared);
  void add_old(std::uint64_t offset, Octets data, const Stamp& stamp, TcpShared& shared);
  void fill_hole(std::uint64_t offset, Octets data, const Stamp& stamp, TcpShared& shared);
  void add_ahead(std::uint64_t offset, Octets data, const Stamp& stamp, TcpShared& shared);
  std::uint32_t insert_ahead(std::uint32_t before, std::uint64_t offset, Octets data, const Stamp& stamp,
                             TcpShared& shared);
  void free_ahead_head(TcpShared& shared);
  void drain_ahead(TcpShared& shared);
  void skip_lost_gaps(TcpShared& shared);
  void skip_gap(TcpShared& shared);
  void advance(std::uint64_t octets);
  void end_if_closed(TcpShared& shared);

  bool searches() const { return sync_ == Sync::searching || sync_ == Sync::confirming; }
  std::uint64_t message_octets() const { return std::uint64_t{prefix_octets_} + body_octets_; }
  void consume(Octets data, bool stable, TcpShared& shared);
  Octets search(Octets data, bool& stable, TcpShared& shared);
  Octets read_message(Octets data, bool stable, TcpShared& shared);
  Octets join_body(Octets rest, TcpShared& shared);
  static void deliver(Octets octets, bool stable, const Stamp& stamp, TcpShared& shared);
  void keep(Octets data, TcpShared& shared);
  bool store(Octets data, TcpShared& shared);
  void move_body(std::uint8_t* to, TcpShared& shared);
  void drop_message(std::uint64_t JoinerCounters::* reason, TcpShared& shared);

  // Offsets count from far above zero, so that octets before the first one seen have one too.
  std::uint64_t next_ = 0;   ///< offset of the first octet that has not come
  std::uint64_t first_ = 0;  ///< where the stream started, as far as we know
  std::uint64_t acknowledged_ = 0;
  std::uint64_t end_ = 0;                        ///< the FIN's offset, or zero
  std::uint64_t hole_begin_ = 0, hole_end_ = 0;  ///< the last octets that were skipped without having been seen
  std::uint64_t skip_ = 0;                       ///< octets up to the next boundary, of a message given up
  std::uint64_t JoinerCounters::* skip_reason_ = &JoinerCounters::tcp_skipped_gap;
  Stamp stamp_;  ///< of the latest frame that the octets before `next_` needed
  std::uint32_t next_sequence_ = 0;
  std::uint32_t ahead_head_ = BlockPool::none, ahead_tail_ = BlockPool::none;
  std::uint32_t ahead_octets_ = 0, ahead_blocks_ = 0;
  std::uint32_t body_head_ = BlockPool::none, body_tail_ = BlockPool::none;
  std::uint32_t body_octets_ = 0;   ///< of the unfinished message, or waiting for a boundary
  std::uint16_t length_ = 0;        ///< of the unfinished message, once both octets of the prefix are there
  std::uint8_t prefix_octets_ = 0;  ///< of it that have come
  Sync sync_ = Sync::searching;
  bool started_ = false;
  bool opened_ = false;  ///< by a SYN that was seen
  bool closed_ = false;
  bool hole_at_boundary_ = false;
};

}  // namespace rata::decode
