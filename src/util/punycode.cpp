#include "util/punycode.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace rata::util {
namespace {

constexpr std::size_t max_label_octets = 63;

/// Overlong forms, surrogates and what is above U+10FFFF are no UTF-8 (RFC 3629 section 3).
std::optional<std::vector<std::uint32_t>> code_points(std::string_view text) {
  std::vector<std::uint32_t> points;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[at++]);
    const unsigned more = lead < 0x80 ? 0 : lead < 0xc0 ? 4 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf8 ? 3 : 4;
    if (more > 3 || at + more > text.size()) return std::nullopt;
    std::uint32_t point = more == 0 ? lead : lead & (0x3fu >> more);
    for (unsigned i = 0; i < more; ++i) {
      const auto next = static_cast<std::uint8_t>(text[at++]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      point = point << 6 | (next & 0x3f);
    }
    constexpr std::uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return std::nullopt;
    points.push_back(point);
  }
  return points;
}

// RFC 3492 section 5.
constexpr std::uint32_t base = 36, t_min = 1, t_max = 26, skew = 38, damp = 700, first_bias = 72, first_point = 128;

char digit(std::uint32_t value) { return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26)); }

/// Section 6.1.
std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) {
  delta = first ? delta / damp : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > (base - t_min) * t_max / 2; k += base) delta /= base - t_min;
  return k + (base - t_min + 1) * delta / (delta + skew);
}

/// A number of variable length, section 3.3.
void append_number(std::uint32_t number, std::uint32_t bias, std::string& out) {
  for (std::uint32_t k = base;; k += base) {
    const std::uint32_t t = k <= bias ? t_min : std::min(k - bias, t_max);
    if (number < t) break;
    out += digit(t + (number - t) % (base - t));
    number = (number - t) / (base - t);
  }
  out += digit(number);
}

/// Section 6.3. A label of at most 63 points: no number here comes near 32 bits.
std::string punycode(const std::vector<std::uint32_t>& points) {
  std::string out;
  for (const std::uint32_t point : points)
    if (point < first_point) out += static_cast<char>(point);
  const auto basic = static_cast<std::uint32_t>(out.size());
  if (basic > 0) out += '-';
  std::uint32_t next = first_point, delta = 0, bias = first_bias;
  for (std::uint32_t done = basic; done < points.size(); ++delta, ++next) {
    std::uint32_t least = 0x10ffff;
    for (const std::uint32_t point : points)
      if (point >= next) least = std::min(least, point);
    delta += (least - next) * (done + 1);
    next = least;
    for (const std::uint32_t point : points) {
      if (point < next) ++delta;
      if (point != next) continue;
      append_number(delta, bias, out);
      bias = adapt(delta, done + 1, done == basic);
      delta = 0;
      ++done;
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> ascii_label(std::string_view label) {
  auto points = code_points(label);
  if (!points || points->empty() || points->size() > max_label_octets) return std::nullopt;
  for (std::uint32_t& point : *points)
    if (point >= 'A' && point <= 'Z') point += 'a' - 'A';
  const bool ascii = std::ranges::all_of(*points, [](std::uint32_t point) { return point < first_point; });
  std::string out = ascii ? std::string(points->begin(), points->end()) : "xn--" + punycode(*points);
  if (out.size() > max_label_octets) return std::nullopt;
  return out;
}

}  // namespace rata::util
