#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "channel/channel.h"

namespace rata::channel {

/// Summaries on their way to an attempt.
struct Batch {
  std::vector<summary::Summary> summaries;
  std::vector<std::uint64_t> records;  ///< of the spool, one for each of them; 0: it is in no spool
  bool older = false;                  ///< from the spool, not from memory

  bool empty() const { return summaries.empty(); }
  void add(summary::Summary summary, std::uint64_t record);
  /// All of it is in the spool, too.
  bool kept() const;
  /// Those that it is of, each once.
  std::vector<std::uint64_t> distinct_records() const;
};

/// What an attempt has brought of a batch.
struct Settled {
  std::size_t sent = 0, refused = 0;
  std::vector<std::uint64_t> records;  ///< of which nothing is left in the batch; ascending
};

/// Takes out of the batch what must not be sent again.
Settled settle(Batch& batch, const Attempt& attempt);

}  // namespace rata::channel
