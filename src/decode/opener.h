#pragma once

#include "decode/datagram.h"
#include "decode/fragments.h"
#include "decode/memory.h"

namespace rata::decode {

struct OpenerConfig {
  Ports ports;  ///< DNS
  FragmentLimits fragments;
};

/// Opens frames down to their innermost whole IP datagram: link layers, IP fragments. Stands in front of the shards,
/// since only the innermost addresses tell which shard a datagram belongs to.
/// Thread: one.
class Opener {
 public:
  explicit Opener(const OpenerConfig& config);

  /// `whole` true: `datagram` goes on to a Joiner, which says what becomes of it. Else what is returned has become of
  /// the frame; `decoded` when it is a fragment that waits for others.
  Outcome open(const capture::Frame& frame, Datagram& datagram, bool& whole);

  /// The same from a datagram on, which may be a fragment.
  Outcome open(Datagram& datagram, bool& whole);

  /// Gives the memory of joined datagrams back: every Datagram handed out so far is dead.
  void release() { arena_.release(); }

  /// The input is at its end: fragments that wait for others are given up and counted.
  void finish() { fragments_.finish(); }

  const FragmentCounters& counters() const { return fragments_.counters(); }

 private:
  Outcome join(Datagram& datagram, bool& complete);

  Arena arena_;
  Fragments fragments_;
};

}  // namespace rata::decode
