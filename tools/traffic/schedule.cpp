#include "traffic/schedule.h"

#include <limits>

namespace rata::traffic {

Frame& Schedule::take() {
  if (free_.empty()) return frames_.emplace_back();
  Frame& frame = *free_.back();
  free_.pop_back();
  return frame;
}

void Schedule::write_until(std::uint64_t stamp_ns) {
  while (!pending_.empty() && pending_.top().stamp_ns <= stamp_ns) {
    const Entry entry = pending_.top();
    pending_.pop();
    writer_.write(entry.stamp_ns, {entry.frame->octets.data(), entry.frame->size});
    free_.push_back(entry.frame);
  }
}

void Schedule::write_all() { write_until(std::numeric_limits<std::uint64_t>::max()); }

}  // namespace rata::traffic
