#include "aggregate/origin.h"

#include <cmath>
#include <string>

#include "util/hash.h"

namespace rata::aggregate {
namespace {

constexpr double longest_window_seconds = 366.0 * 86'400;
constexpr std::int64_t latest_start_ns = 8'000'000'000 * util::ns_per_second;  // the year 2223

std::uint64_t id_of(const summary::Summary& summary) {
  if (summary.id.boot.empty()) return 0;
  std::string whole;
  for (const std::string* part : {&summary.type, &summary.server, &summary.monitor, &summary.id.boot}) {
    whole += *part;
    whole += '\0';
  }
  whole += std::to_string(summary.id.sequence);
  const std::uint64_t hash = util::stable_hash(whole);
  return hash == 0 ? 1 : hash;
}

}  // namespace

Origin origin_of(const summary::Summary& summary) {
  const summary::Window& window = summary.window;
  const bool is_possible = window.start.ns >= 0 && window.start.ns <= latest_start_ns && window.seconds >= 0 &&
                           window.seconds <= longest_window_seconds;
  if (!is_possible) return {{0}, {-1}, 0, 0};
  const auto length_ns = std::llround(window.seconds * static_cast<double>(util::ns_per_second));
  return {window.start, {window.start.ns + length_ns}, id_of(summary), summary.id.revision};
}

}  // namespace rata::aggregate
