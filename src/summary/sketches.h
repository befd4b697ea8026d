#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rata::summary {

/// How many different things there were: HyperLogLog of 4096 registers, with a standard error of 1.6 %. Merge: the
/// larger of each register, so that any order and grouping gives the same octets. Hashes of all parts have one seed.
class Distinct {
 public:
  static constexpr unsigned precision = 12;
  static constexpr std::size_t registers = std::size_t{1} << precision;
  static constexpr unsigned max_rank = 64 - precision + 1;
  /// Up to so many registers that are not zero are listed one by one; more are all written down.
  static constexpr std::size_t most_sparse = 512;

  void add(std::uint64_t hash);
  void merge(const Distinct& other);
  /// The memory that it keeps to grow into.
  void give_back();

  /// Takes it apart: `use(place, rank)` for each register that is not zero, ascending by place.
  template <typename Use>
  void each_register(Use use) const {
    for (const Register& one : sparse_) use(one.place, one.rank);
    for (std::size_t place = 0; place < dense_.size(); ++place)
      if (dense_[place] != 0) use(static_cast<std::uint16_t>(place), dense_[place]);
  }
  /// Puts together what came from somebody who may say anything. False, and nothing is changed: there is no such place
  /// or no such rank.
  [[nodiscard]] bool raise_checked(std::uint64_t place, std::uint64_t rank);

  double estimate() const;
  /// {"estimate": 3, "sparse": "AFBAJ1..."} or {"estimate": 3000, "dense": "AACB..."}, of digits of base64 (RFC 4648
  /// section 4) that are six bits each: for each register that is not zero two for its place and one for its rank; or
  /// one for the rank of each of all registers.
  nlohmann::ordered_json json() const;
  /// Memory beside the object itself.
  std::size_t octets() const { return sparse_.capacity() * sizeof(Register) + dense_.capacity(); }

  friend bool operator==(const Distinct&, const Distinct&) = default;

 private:
  struct Register {
    std::uint16_t place;
    std::uint8_t rank;

    friend bool operator==(const Register&, const Register&) = default;
  };

  void raise(std::uint16_t place, std::uint8_t rank);

  std::vector<Register> sparse_;     // ascending, while `dense_` is empty
  std::vector<std::uint8_t> dense_;  // all of them, once they are many
};

/// Quantiles of whole numbers by the buckets of util::LogHistogram, less than 1 % wide. The quantile q of n values in
/// ascending order is the one at place floor(q n) + 1, or the last: no interpolation. Merge: buckets add.
class Quantiles {
 public:
  void add(std::uint64_t value);
  void merge(const Quantiles& other);

  /// Takes it apart: `use(bucket, count)` for each bucket that is not empty, ascending.
  template <typename Use>
  void each_bucket(Use use) const {
    for (const Bucket& one : buckets_) use(one.place, one.count);
  }
  /// Puts together what came from somebody who may say anything: all buckets, then the largest value, which without
  /// `set_max` is the least of the last bucket. False, and nothing is changed: there is no such bucket, it is empty, or
  /// there are more values than can be counted.
  [[nodiscard]] bool add_bucket(std::uint64_t bucket, std::uint64_t count);
  /// False, and nothing is changed: the last bucket does not hold such a value.
  [[nodiscard]] bool set_max(std::uint64_t value);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }  ///< exact; 0 of nothing
  /// At most 0.4 % off; 0 of nothing.
  double quantile(double share) const;
  /// {"count": 3, "p50": 60.0, "p90": ..., "p99": ..., "max": 512, "buckets": [[bucket, count]...]}
  nlohmann::ordered_json json() const;
  /// Memory beside the object itself.
  std::size_t octets() const;

  friend bool operator==(const Quantiles&, const Quantiles&) = default;

 private:
  struct Bucket {
    std::uint16_t place = 0;
    std::uint64_t count = 0;

    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  Bucket& bucket(std::uint16_t place);

  std::vector<Bucket> buckets_;  // ascending, none empty
  std::uint64_t count_ = 0, max_ = 0;
};

}  // namespace rata::summary
