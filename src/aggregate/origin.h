#pragma once

#include <cstdint>

#include "summary/summary.h"
#include "util/time.h"

namespace rata::aggregate {

/// Where a window stands in time, and which contribution it is.
struct Origin {
  util::Time start, end;
  std::uint64_t id = 0;  ///< of reducer, server, monitor, boot and sequence; 0: nobody said, so it adds to all others
  std::uint32_t revision = 0;
};

/// Errors: an `end` before `start` stands for a window that no capture can have made (no number, or centuries long).
Origin origin_of(const summary::Summary& summary);
inline bool possible(const Origin& origin) { return origin.start <= origin.end; }

/// What became of a summary.
enum class Taken {
  yes,
  refused,   ///< data of another shape
  repeated,  ///< the same contribution is already there, in this revision or a higher one
};

}  // namespace rata::aggregate
