#include "pipeline/time_guard.h"

namespace rata::pipeline {

TimeGuard::Verdict TimeGuard::look_at(const capture::Frame& frame, util::Time watermark) {
  // The first frame has nothing to be measured by; subtraction cannot overflow for stamps of a capture (32-bit
  // seconds).
  if (watermark.ns == INT64_MIN || frame.time.ns - watermark.ns <= jump_ns) return Verdict::go_on;
  Held& held = held_.emplace_back();
  held.octets.assign(frame.octets.begin(), frame.octets.end());
  held.frame = frame;
  return held_.size() < witnesses ? Verdict::held : Verdict::believe;
}

std::span<const capture::Frame> TimeGuard::released() {
  released_.clear();
  for (Held& held : held_) {
    held.frame.octets = held.octets;
    released_.push_back(held.frame);
  }
  return released_;
}

std::size_t TimeGuard::refuse() {
  const std::size_t refused = held_.size();
  held_.clear();
  return refused;
}

}  // namespace rata::pipeline
