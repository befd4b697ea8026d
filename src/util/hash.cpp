#include "util/hash.h"

#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <chrono>

namespace rata::util {
namespace {

std::uint64_t make_key() {
  std::uint64_t key = 0;
  if (getrandom(&key, sizeof key, 0) != sizeof key)
    key = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return key;
}

const std::uint64_t process_key = make_key();
// Of no octets that anybody hashes: a hash that equals it would fold to nothing.
constexpr std::string_view multiplier_name = "the multiplier of this process";
const std::uint64_t process_multiplier =
    XXH3_64bits_withSeed(multiplier_name.data(), multiplier_name.size(), process_key) | 1;

}  // namespace

std::uint64_t table_hash(std::span<const std::uint8_t> octets) noexcept {
  return XXH3_64bits_withSeed(octets.data(), octets.size(), process_key);
}

std::uint64_t table_multiplier() noexcept { return process_multiplier; }

std::uint64_t sketch_hash(std::span<const std::uint8_t> octets, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(octets.data(), octets.size(), seed);
}

std::uint64_t stable_hash(std::string_view text) noexcept { return XXH3_64bits(text.data(), text.size()); }

}  // namespace rata::util
