#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace rata::util {

/// Quantiles of positive integers by logarithmic buckets less than 1 % wide: 128 to each power of two. Merging adds
/// bucket by bucket, so any order and grouping gives one answer. 64 KiB each.
class LogHistogram {
  static constexpr unsigned bits = 7;

 public:
  static constexpr std::size_t buckets = std::size_t{64 - bits + 1} << bits;

  void add(std::uint64_t value, std::uint64_t count = 1) {
    buckets_[bucket_of(value)] += count;
    count_ += count;
    if (value > max_) max_ = value;
  }

  void absorb(const LogHistogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    if (other.max_ > max_) max_ = other.max_;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }  ///< exact

  /// The smallest value that more than this share (0 to 1) of all do not exceed, or the largest: of n in ascending
  /// order the one at place floor(quantile * n) + 1. At most 0.4 % off; 0 when empty.
  double quantile(double quantile) const {
    const auto rank = static_cast<std::uint64_t>(quantile * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > rank || (seen == count_ && count_ > 0)) return std::min(middle_of(i), static_cast<double>(max_));
    }
    return 0;
  }

  /// Buckets by number, ascending by value, and the number that stands for all in one.
  static std::size_t bucket_of(std::uint64_t value) {
    if (value < (1u << bits)) return value;
    const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1 - bits;
    return (static_cast<std::size_t>(exponent + 1) << bits) + ((value >> exponent) & ((1u << bits) - 1));
  }

  static double middle_of(std::size_t i) {
    if (i < (2u << bits)) return static_cast<double>(i);
    const std::size_t exponent = (i >> bits) - 1;
    return static_cast<double>(lowest_of(i)) + static_cast<double>(std::uint64_t{1} << exponent) / 2;
  }

  static std::uint64_t lowest_of(std::size_t i) {
    if (i < (2u << bits)) return i;
    return ((std::uint64_t{1} << bits) | (i & ((1u << bits) - 1))) << ((i >> bits) - 1);
  }

 private:
  std::array<std::uint64_t, buckets> buckets_{};
  std::uint64_t count_ = 0, max_ = 0;
};

}  // namespace rata::util
