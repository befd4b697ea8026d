#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "decode/datagram.h"
#include "util/transport.h"

namespace rata::decode {

using util::Transport;

/// What UDP or TCP carried to or from a DNS port: one DNS message, the length prefix of TCP taken off.
/// Lifetime: the frame's octets, or the joiner's memory until `release`.
struct Payload {
  util::Address source, destination;
  std::span<const std::uint8_t> octets;
  util::Time time;            ///< of the frame that completed it
  std::uint64_t ordinal = 0;  ///< of the same frame
  std::uint16_t input = 0;    ///< of the same frame: capture::Frame::input
  std::uint16_t source_port = 0, destination_port = 0;
  Transport transport = Transport::udp;
};

/// Bounds of one joiner (one shard).
struct JoinerLimits {
  std::size_t streams = 65536;                 ///< TCP directions remembered at a time; the one idle longest goes
  std::size_t stream_octets = 256 * 1024;      ///< waiting in one direction: out of order, or an unfinished message
  std::size_t total_octets = 6 * 1024 * 1024;  ///< waiting in all streams together
  std::int64_t stream_idle_ns = 120 * util::ns_per_second;
};

/// Counters of one joiner; they add up over joiners.
/// TCP octets in sequence order: tcp_octets = tcp_delivered + tcp_skipped_* + what still waits (tcp_waiting).
struct JoinerCounters {
  std::uint64_t tcp_octets = 0;         ///< stream data seen, length prefixes included, each octet once
  std::uint64_t tcp_delivered = 0;      ///< in whole messages, with their prefixes
  std::uint64_t tcp_skipped_gap = 0;    ///< belongs to a message that lost octets, or no boundary was found
  std::uint64_t tcp_skipped_limit = 0;  ///< given up for a bound above
  std::uint64_t tcp_skipped_unfinished =
      0;                           ///< a message that had not come to its end when the stream or the input did
  std::uint64_t tcp_repeated = 0;  ///< retransmitted or overlapping octets, in no other figure
  std::uint64_t tcp_waiting = 0;

  JoinerCounters& operator+=(const JoinerCounters& other);
};

/// Joins the TCP streams of one shard and hands out what is DNS by port.
/// Thread: one.
class Joiner {
 public:
  explicit Joiner(const Ports& ports, const JoinerLimits& limits = {});
  ~Joiner();

  /// Takes a whole datagram and appends the payloads that it completes, none or more, to `out`. Returns what became of
  /// it.
  Outcome add(const Datagram& datagram, std::vector<Payload>& out);

  /// Gives the memory of joined payloads back: every Payload handed out so far is dead.
  void release();

  /// The input is at its end: what waits for more octets is given up and counted. Messages that lie whole behind a gap
  /// of their stream are still appended to `out`.
  void finish(std::vector<Payload>& out);

  const JoinerCounters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rata::decode
