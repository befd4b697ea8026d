#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "reduce/packet.h"
#include "reduce/pairing.h"

namespace rata::reduce {

/// Stands before the reducers of one shard where some of them ask how long responses took: pairs the packets, in input
/// order and whatever windows they fall into, and notes the time in those that complete a pair.
class ResponseTimes {
 public:
  /// `shards`: that share what may wait in all.
  explicit ResponseTimes(std::size_t shards);

  /// The packets of `batch` with `response_ns`. Lifetime: until the next call, and that of `batch`.
  std::span<const Packet> in(std::span<const Packet> batch);

 private:
  Pairing pairing_;
  std::vector<Packet> packets_;
};

}  // namespace rata::reduce
