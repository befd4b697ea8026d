#pragma once

#include <cstdint>

#include "util/address.h"
#include "util/cursor.h"

namespace rata::util {

/// Any odd number with mixed bits: 2^32 divided by the golden ratio, to the next odd one.
inline constexpr std::uint32_t pair_hash_factor = 0x9e3779b1u;
/// The lower half is folded in before the multiplication and left out behind it: bits of a product depend on those
/// below them only.
inline constexpr unsigned pair_hash_fold = 16;

/// The same value for both directions and for all fragments: which shard a datagram belongs to. Units: 16 bits.
/// It is as simple as it is since the kernel has to compute the same, in the 32 bits of classic BPF: see
/// capture/shard_filter. It may never change, since the shard is part of the result.
inline std::uint32_t pair_hash(const Address& a, const Address& b) noexcept {
  // All 32-bit words of both addresses, read big-endian; those behind an IPv4 address are zero.
  const std::uint64_t two_words =
      big_endian<std::uint64_t>(a.octets.data()) ^ big_endian<std::uint64_t>(a.octets.data() + 8) ^
      big_endian<std::uint64_t>(b.octets.data()) ^ big_endian<std::uint64_t>(b.octets.data() + 8);
  std::uint32_t word = static_cast<std::uint32_t>(two_words ^ (two_words >> 32));
  word ^= word >> pair_hash_fold;
  return (word * pair_hash_factor) >> pair_hash_fold;
}

}  // namespace rata::util
