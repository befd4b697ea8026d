#include "summary/sketches.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "util/log_histogram.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned rank_bits = Distinct::max_rank - 1;

/// Six bits as a digit of base64 (RFC 4648 section 4): a rank is one, a place in the registers two.
char digit(unsigned bits) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static_assert(rank_bits + 1 < digits.size() && Distinct::registers == digits.size() * digits.size());
  return digits[bits % digits.size()];
}

// The two series of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), section 3: what
// registers that are zero, and those that are full, say. Both stop when a further term changes nothing.
double sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, before;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, before;
  do {
    x = std::sqrt(x);
    before = z;
    y /= 2;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

}  // namespace

void Distinct::add(std::uint64_t hash) {
  const auto place = static_cast<std::uint16_t>(hash >> rank_bits);
  const std::uint64_t rest = hash << precision;
  const auto rank =
      static_cast<std::uint8_t>(std::min<unsigned>(static_cast<unsigned>(std::countl_zero(rest)), rank_bits) + 1);
  raise(place, rank);
}

void Distinct::raise(std::uint16_t place, std::uint8_t rank) {
  if (!dense_.empty()) {
    dense_[place] = std::max(dense_[place], rank);
    return;
  }
  const auto at = std::ranges::lower_bound(sparse_, place, {}, &Register::place);
  if (at != sparse_.end() && at->place == place) {
    at->rank = std::max(at->rank, rank);
    return;
  }
  sparse_.insert(at, {place, rank});
  if (sparse_.size() <= most_sparse) return;
  dense_.assign(registers, 0);
  for (const Register& one : sparse_) dense_[one.place] = one.rank;
  sparse_ = {};
}

bool Distinct::raise_checked(std::uint64_t place, std::uint64_t rank) {
  if (place >= registers || rank == 0 || rank > max_rank) return false;
  raise(static_cast<std::uint16_t>(place), static_cast<std::uint8_t>(rank));
  return true;
}

void Distinct::merge(const Distinct& other) {
  for (const Register& one : other.sparse_) raise(one.place, one.rank);
  for (std::size_t place = 0; place < other.dense_.size(); ++place)
    if (other.dense_[place] != 0) raise(static_cast<std::uint16_t>(place), other.dense_[place]);
}

void Distinct::give_back() {
  sparse_.shrink_to_fit();
  dense_.shrink_to_fit();
}

double Distinct::estimate() const {
  std::array<std::uint32_t, rank_bits + 2> with_rank{};
  for (const Register& one : sparse_) ++with_rank[one.rank];
  for (const std::uint8_t rank : dense_) ++with_rank[rank];
  if (dense_.empty()) with_rank[0] = static_cast<std::uint32_t>(registers - sparse_.size());
  constexpr auto m = static_cast<double>(registers);
  double z = m * tau(1 - with_rank[rank_bits + 1] / m);
  for (std::size_t rank = rank_bits; rank >= 1; --rank) z = (z + with_rank[rank]) / 2;
  z += m * sigma(with_rank[0] / m);
  return m * m / (2 * std::log(2.0) * z);
}

Json Distinct::json() const {
  Json json = {{"estimate", static_cast<std::uint64_t>(std::llround(estimate()))}};
  // One text: as a list of numbers they would take twenty times the memory of the registers while they are written.
  std::string text;
  text.reserve(dense_.empty() ? 3 * sparse_.size() : dense_.size());
  for (const Register& one : sparse_) text += {digit(one.place >> 6), digit(one.place), digit(one.rank)};
  for (const std::uint8_t rank : dense_) text += digit(rank);
  json[dense_.empty() ? "sparse" : "dense"] = std::move(text);
  return json;
}

void Quantiles::add(std::uint64_t value) {
  ++bucket(static_cast<std::uint16_t>(util::LogHistogram::bucket_of(value))).count;
  ++count_;
  max_ = std::max(max_, value);
}

/// The one of that place, made where there is none.
Quantiles::Bucket& Quantiles::bucket(std::uint16_t place) {
  const auto known = std::ranges::lower_bound(buckets_, place, {}, &Bucket::place);
  if (known != buckets_.end() && known->place == place) return *known;
  return *buckets_.insert(known, {place, 0});
}

void Quantiles::merge(const Quantiles& other) {
  std::vector<Bucket> fresh;
  auto own = buckets_.begin();
  for (const Bucket& one : other.buckets_) {
    while (own != buckets_.end() && own->place < one.place) ++own;
    if (own != buckets_.end() && own->place == one.place)
      own->count += one.count;
    else
      fresh.push_back(one);
  }
  const auto known = static_cast<std::ptrdiff_t>(buckets_.size());
  buckets_.insert(buckets_.end(), fresh.begin(), fresh.end());
  std::ranges::inplace_merge(buckets_, buckets_.begin() + known, {}, &Bucket::place);
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

bool Quantiles::add_bucket(std::uint64_t bucket, std::uint64_t count) {
  if (bucket >= util::LogHistogram::buckets || count == 0) return false;
  if (count > std::numeric_limits<std::uint64_t>::max() - count_) return false;
  this->bucket(static_cast<std::uint16_t>(bucket)).count += count;
  count_ += count;
  max_ = std::max(max_, util::LogHistogram::lowest_of(bucket));
  return true;
}

bool Quantiles::set_max(std::uint64_t value) {
  if (buckets_.empty()) return value == 0;
  if (util::LogHistogram::bucket_of(value) != buckets_.back().place) return false;
  max_ = value;
  return true;
}

double Quantiles::quantile(double share) const {
  const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (const auto& [place, count] : buckets_) {
    seen += count;
    if (seen > rank || seen == count_) return std::min(util::LogHistogram::middle_of(place), static_cast<double>(max_));
  }
  return 0;
}

Json Quantiles::json() const {
  Json json = {{"count", count_},       {"p50", quantile(0.5)}, {"p90", quantile(0.9)},
               {"p99", quantile(0.99)}, {"max", max_},          {"buckets", Json::array()}};
  for (const auto& [place, count] : buckets_) json["buckets"].push_back(Json::array({place, count}));
  return json;
}

std::size_t Quantiles::octets() const { return buckets_.capacity() * sizeof(Bucket); }

}  // namespace rata::summary
