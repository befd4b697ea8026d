#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace rata::util {

/// Appends lower-case hexadecimal digits without separators.
void append_hex(std::span<const std::uint8_t> octets, std::string& out);

/// Appends base64 with padding (RFC 4648 section 4).
void append_base64(std::span<const std::uint8_t> octets, std::string& out);

/// Appends base32 with the extended hexadecimal alphabet, without padding, in upper case (RFC 4648 section 7), as NSEC3
/// has it (RFC 5155 section 3.3).
void append_base32hex(std::span<const std::uint8_t> octets, std::string& out);

/// Appends printable ASCII as it is, quote and backslash behind a backslash, other octets as \DDD: what stands between
/// the quotes of a <character-string> (RFC 1035 section 5.1).
void append_escaped(std::span<const std::uint8_t> octets, std::string& out);

}  // namespace rata::util
