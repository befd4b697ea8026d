#pragma once

#include <chrono>
#include <cstdint>

namespace rata::fleet {

/// Windows are of the time of day, so everything is: over minutes on one machine it goes as evenly as any clock.
using Clock = std::chrono::system_clock;

constexpr std::int64_t no_second = -1;

inline Clock::time_point at_second(std::int64_t second) { return Clock::time_point(std::chrono::seconds(second)); }

inline std::uint64_t microseconds(Clock::duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return count > 0 ? static_cast<std::uint64_t>(count) : 0;
}

}  // namespace rata::fleet
