#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "capture/frame.h"
#include "capture/source.h"

namespace rata::capture {

/// Turns dnstap frames into the frames of a batch, with their envelopes.
class DnstapBatch {
 public:
  /// `arrival`: the clock that stamps messages without a time; nullptr: those get the time of the one before.
  explicit DnstapBatch(const util::Clock* arrival) : envelopes_(max_batch), arrival_(arrival) {}

  /// Lifetime: `batch` until the next `begin`.
  void begin(std::vector<Frame>& batch);
  bool full() const { return used_ == max_batch; }
  bool empty() const { return used_ == 0; }
  void add(std::span<const std::uint8_t> frame);

  const SourceStats& stats() const { return stats_; }

 private:
  std::vector<Envelope> envelopes_;
  const util::Clock* arrival_;
  std::vector<Frame>* batch_ = nullptr;
  std::size_t used_ = 0;
  util::Time last_time_;
  SourceStats stats_;
};

}  // namespace rata::capture
