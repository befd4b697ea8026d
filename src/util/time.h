#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rata::util {

/// A moment in packet time. Units: nanoseconds since 1970-01-01 UTC, leap seconds not counted (as captures have it).
struct Time {
  std::int64_t ns = 0;

  friend constexpr auto operator<=>(Time, Time) = default;
};

constexpr std::int64_t ns_per_second = 1'000'000'000;

constexpr Time from_seconds(std::int64_t seconds) { return {seconds * ns_per_second}; }
constexpr double seconds_between(Time earlier, Time later) {
  return static_cast<double>(later.ns - earlier.ns) / static_cast<double>(ns_per_second);
}

/// "1448496000.000000000": seconds and nine decimals, the form of every time that leaves the program.
std::string text(Time time);

/// "2024-11-20 10:00:00.500000 UTC", for people.
std::string utc_text(Time time);

/// Reads what `text` writes, fewer decimals, or "2024-11-20T10:00:00[.5]Z" (UTC). Errors: nullopt for anything else.
std::optional<Time> parse_time(std::string_view text);

/// Wall time, replaceable by tests. Packet work never asks it: time there is packet time.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const;
  /// The clock of this machine.
  static const Clock& system();
};

}  // namespace rata::util
