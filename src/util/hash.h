#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rata::util {

/// Hash for tables in memory, keyed anew in each process, so that no sender of packets can choose what collides. It
/// must not show in any result.
std::uint64_t table_hash(std::span<const std::uint8_t> octets) noexcept;

/// The same of texts, for the library's tables.
struct KeyedHash {
  std::size_t operator()(std::string_view text) const noexcept {
    return table_hash({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
};

/// An odd number drawn anew in each process, for tables of small numbers: multiplied by it, what a sender of packets
/// chose lies anywhere in the upper bits.
std::uint64_t table_multiplier() noexcept;

/// For sketches, whose parts merge only when they were hashed alike: the same on every machine for one seed.
std::uint64_t sketch_hash(std::span<const std::uint8_t> octets, std::uint64_t seed) noexcept;

/// The same on every machine and in every process: for what shows in results.
std::uint64_t stable_hash(std::string_view text) noexcept;

}  // namespace rata::util
