#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/delivery.h"
#include "summary/summary.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::hub {

/// More lines in one delivery are too much.
inline constexpr std::size_t most_lines = 4096;

/// What a delivery holds.
struct Unpacked {
  std::string lines;
  unsigned status = 200;  ///< 400: no zstd frames, or damaged ones; 413: more comes out of them than may
  std::string why;        ///< where that is not 200
};
Unpacked unpack(const serve::Delivery& delivery);

/// A line that cannot be counted, and why.
struct Refusal {
  std::size_t line = 0;  ///< from 1
  std::string why;
};

/// A batch, read. The line of a summary lies in the text that it was read from.
struct Batch {
  struct Entry {
    std::size_t line = 0;  ///< from 1
    std::string_view text;
    std::shared_ptr<summary::Summary> summary;
  };
  std::vector<Entry> entries;
  std::vector<Refusal> refused;
};

/// Reads a summary a line; empty lines do not count as anything. `servers`: whose the sender may send; empty: all.
/// `arrival`: the time of those that do not say theirs, as of the older chain.
/// Lifetime: that of `lines`.
Batch read_batch(std::string_view lines, const std::vector<std::string>& servers, util::Time arrival);

}  // namespace rata::hub
