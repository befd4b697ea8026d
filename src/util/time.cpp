#include "util/time.h"

#include <fmt/format.h>

#include <ctime>

namespace rata::util {
namespace {

/// 64-bit nanoseconds end in the year 2262.
constexpr std::int64_t last_second = 9'223'372'035;

/// Reads ".5" as 500,000,000. Errors: nullopt for more than nine digits or anything that is no digit.
std::optional<std::int64_t> parse_fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != '.' || text.size() < 2 || text.size() > 10) return std::nullopt;
  std::int64_t ns = 0;
  for (std::size_t i = 1; i < 10; ++i) {
    const char digit = i < text.size() ? text[i] : '0';
    if (digit < '0' || digit > '9') return std::nullopt;
    ns = ns * 10 + (digit - '0');
  }
  return ns;
}

std::optional<std::int64_t> parse_whole(std::string_view digits) {
  if (digits.empty() || digits.size() > 10) return std::nullopt;
  std::int64_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return value <= last_second ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string text(Time time) {
  std::int64_t seconds = time.ns / ns_per_second;
  std::int64_t fraction = time.ns % ns_per_second;
  if (fraction < 0) {
    --seconds;
    fraction += ns_per_second;
  }
  return fmt::format("{}.{:09}", seconds, fraction);
}

std::string utc_text(Time time) {
  const std::time_t seconds = time.ns / ns_per_second - (time.ns % ns_per_second < 0 ? 1 : 0);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char day_and_time[32];
  std::strftime(day_and_time, sizeof day_and_time, "%Y-%m-%d %H:%M:%S", &utc);
  return fmt::format("{}.{:06} UTC", day_and_time, (time.ns - seconds * ns_per_second) / 1000);
}

std::optional<Time> parse_time(std::string_view text) {
  std::optional<std::int64_t> seconds, fraction;
  if (text.find('T') == std::string_view::npos) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    seconds = parse_whole(text.substr(0, dot));
    fraction = parse_fraction(text.substr(dot));
  } else {
    if (text.size() < 20 || text.back() != 'Z') return std::nullopt;
    std::tm utc{};
    const std::string whole(text.substr(0, 19));
    const char* end = strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
    if (end == nullptr || *end != '\0') return std::nullopt;
    const int day = utc.tm_mday;
    seconds = timegm(&utc);
    if (utc.tm_mday != day) return std::nullopt;  // the 30th of February
    if (*seconds > last_second || *seconds < -last_second) return std::nullopt;
    fraction = parse_fraction(text.substr(19, text.size() - 20));
  }
  if (!seconds || !fraction) return std::nullopt;
  return Time{*seconds * ns_per_second + *fraction};
}

Time Clock::now() const {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

const Clock& Clock::system() {
  static const Clock clock;
  return clock;
}

}  // namespace rata::util
