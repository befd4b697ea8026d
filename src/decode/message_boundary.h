#pragma once

#include <cstdint>
#include <span>

namespace rata::decode {

enum class Boundary : std::uint8_t {
  no,
  maybe,  ///< too few octets to tell
  yes,
};

/// Whether a DNS message with the length prefix of TCP seems to begin with the first octet. Asked only where the
/// stream does not say it: after octets that the capture does not have. Strict, since a wrong yes costs every message
/// up to the next mistake: a known opcode and class, counts that fit the length, a readable first name.
Boundary message_begins(std::span<const std::uint8_t> octets) noexcept;

}  // namespace rata::decode
