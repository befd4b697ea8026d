#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "util/time.h"

namespace rata::aggregate {

/// The configured spans of packet time, shortest first. A span holds the windows that end after its cutoff.
class Spans {
 public:
  explicit Spans(std::vector<unsigned> minutes) : minutes_(std::move(minutes)) {}

  std::size_t size() const { return minutes_.size(); }
  /// Nothing: there is no span of so many minutes.
  std::optional<std::size_t> find(unsigned minutes) const {
    for (std::size_t span = 0; span < minutes_.size(); ++span)
      if (minutes_[span] == minutes) return span;
    return std::nullopt;
  }
  std::size_t longest() const { return minutes_.size() - 1; }
  unsigned minutes(std::size_t span) const { return minutes_[span]; }
  std::int64_t seconds(std::size_t span) const { return std::int64_t{60} * minutes_[span]; }
  util::Time cutoff(std::size_t span, util::Time watermark) const {
    return {watermark.ns - seconds(span) * util::ns_per_second};
  }

 private:
  std::vector<unsigned> minutes_;
};

}  // namespace rata::aggregate
