#pragma once

#include "decode/joiner.h"
#include "decode/lru_table.h"
#include "decode/memory.h"
#include "decode/tcp_direction.h"

namespace rata::decode {

/// The TCP connections of one joiner. Bounded: the one idle longest goes, and what waits in it is given up.
class TcpStreams {
 public:
  TcpStreams(const Ports& ports, const JoinerLimits& limits, Arena& arena, JoinerCounters& counters);

  Outcome add(const Datagram& datagram, std::vector<Payload>& out);
  /// Delivers what lies behind gaps, then gives up what waits.
  void finish(std::vector<Payload>& out);

 private:
  struct Connection {
    TcpDirection directions[2];  ///< from the lower endpoint of the key, and from the higher
    util::Time last;
    bool retired = false;
  };
  using Table = LruTable<Connection>;
  struct Segment;

  static Outcome read_header(const Datagram& datagram, Segment& segment);
  Table::Entry& enter(const FlowKey& key, util::Time now);
  void make_room(const Table::Entry& current, std::size_t octets);
  void take_segment(Connection& connection, unsigned side, const FlowKey& key, const Segment& segment);
  void set_head(const FlowKey& key, unsigned side);
  void give_up(Table::Entry& entry, std::uint64_t JoinerCounters::* reason);
  void forget_idle(util::Time now);
  void retire(Table::Entry& entry);

  const Ports& ports_;
  TcpShared shared_;
  Table table_;
  /// Connections that both sides have closed, the latest ones: they stay, so that a repeated segment is known as such,
  /// but not for long, so that the table in use fits the cache.
  std::vector<FlowKey> retired_;
  std::size_t next_retired_ = 0;
};

}  // namespace rata::decode
