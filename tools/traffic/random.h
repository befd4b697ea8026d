#pragma once

#include <cmath>
#include <cstdint>

namespace rata::traffic {

/// Scatters the bits of `value`: equal in, equal out. Source: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

/// The one stream of random numbers of a run. The order of the draws is the order of the bytes written, so a draw
/// more or less anywhere changes every capture: the unit tests hold that order.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(mix(seed ^ 0x6d6b74726166ULL)) {}

  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15ULL); }

  /// 16 random bits: a message ID, an IP identification.
  std::uint16_t next16() { return static_cast<std::uint16_t>(next() & 0xffff); }

  /// Even over [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// Even over 0 .. count-1: the upper half of a 64 by 32 bit product.
  std::uint32_t below(std::uint32_t count) {
    const std::uint64_t value = next();
    const std::uint64_t low = (value & 0xffffffff) * count >> 32;
    return static_cast<std::uint32_t>(((value >> 32) * count + low) >> 32);
  }

  bool chance(double share) { return uniform() < share; }

  /// Normal with mean 0 and deviation 1: Box and Muller's pairs, the second of each kept for the next call.
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    const double angle = 6.283185307179586 * uniform();
    spare_ = radius * std::sin(angle);
    has_spare_ = true;
    return radius * std::cos(angle);
  }

 private:
  std::uint64_t state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace rata::traffic
