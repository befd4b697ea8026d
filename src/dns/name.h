#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rata::dns {

inline constexpr std::size_t max_name_octets = 255;  ///< RFC 1035 section 2.3.4, root label included

/// Appends a name's presentation form (RFC 1035 section 5.1): labels end with a dot, the root is ".". Octets outside
/// printable ASCII and those with a meaning in zone files ( " $ ( ) . ; @ \ ) become \DDD, so the text is plain ASCII
/// and says which octets were there. `wire`: a whole name in wire form, without compression.
void append_text(std::span<const std::uint8_t> wire, std::string& out);
std::string name_text(std::span<const std::uint8_t> wire);

/// Copies a wire name with A to Z made lower case (RFC 4343: ASCII only). `to` has room for `wire.size()` rounded up to
/// eight octets.
void fold_case(std::span<const std::uint8_t> wire, std::uint8_t* to) noexcept;

/// Reads a name that may be compressed, from `at` in `message`, into presentation form with case kept, and moves `at`
/// behind it. Errors: false when the name cannot be read. Source: RFC 1035 section 4.1.4.
bool read_name(std::span<const std::uint8_t> message, std::size_t& at, std::string& out);

}  // namespace rata::dns
