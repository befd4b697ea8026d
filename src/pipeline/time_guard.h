#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "capture/frame.h"

namespace rata::pipeline {

/// Keeps one damaged time stamp from moving packet time so far ahead that everything after it is late. A frame more
/// than a day ahead of all before it waits; when further ones agree with it, time has really jumped (captures laid end
/// to end) and all of them go on in order; when the next frame is back in its time, they are refused. What is decided
/// depends on the frames' order alone.
class TimeGuard {
 public:
  static constexpr std::int64_t jump_ns = 86'400 * util::ns_per_second;
  static constexpr std::size_t witnesses = 4;  ///< frames that have to agree on the new time

  enum class Verdict {
    go_on,   ///< the frame is in its time, and what `held` has is not
    held,    ///< it waits; its octets were copied
    believe  ///< enough agree: all that `held` has, this one last, is in its time
  };

  Verdict look_at(const capture::Frame& frame, util::Time watermark) {
    // The first frame has nothing to be measured by; subtraction cannot overflow, since the stamps of a capture lie
    // between 1970 and 2261.
    if (watermark.ns == INT64_MIN || frame.time.ns - watermark.ns <= jump_ns) [[likely]]
      return Verdict::go_on;
    return hold(frame);
  }

  /// The frames that wait, oldest first. Lifetime: until the next call of anything.
  std::span<const capture::Frame> held();
  bool holds_any() const { return !held_.empty(); }
  void forget() { held_.clear(); }

 private:
  Verdict hold(const capture::Frame& frame);

  struct Held {
    capture::Frame frame;
    std::vector<std::uint8_t> octets;
    capture::Envelope envelope;
    std::string source_text, destination_text;
  };
  std::vector<Held> held_;
  std::vector<capture::Frame> views_;
};

}  // namespace rata::pipeline
