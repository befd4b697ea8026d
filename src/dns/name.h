#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rata::dns {

inline constexpr std::size_t max_name_octets = 255;  ///< RFC 1035 section 2.3.4, root label included

/// A name has at most 127 labels before the root; a pointer that brings none is of no use.
inline constexpr std::size_t max_name_pointers = 127;

/// Appends a name's presentation form (RFC 1035 section 5.1): labels end with a dot, the root is ".". Octets outside
/// printable ASCII and those with a meaning in zone files ( " $ ( ) . ; @ \ ) become \DDD, so the text is plain ASCII
/// and says which octets were there. `wire`: a whole name in wire form, without compression.
void append_text(std::span<const std::uint8_t> wire, std::string& out);
std::string name_text(std::span<const std::uint8_t> wire);

/// Copies a wire name with A to Z made lower case (RFC 4343: ASCII only). `to` has room for `wire.size()` octets.
void fold_case(std::span<const std::uint8_t> wire, std::uint8_t* to) noexcept;

/// Why a name cannot be read.
enum class NameFault : std::uint8_t {
  none,
  cut,                    ///< the octets end inside it
  bad_label_type,         ///< 01 or 10 in the first two bits (RFC 6891 section 5: none is in use)
  too_long,               ///< over 255 octets, its pointers followed
  pointer_not_backwards,  ///< to itself, forward, or into the labels it ends
  too_many_pointers,      ///< over 127
  compressed,             ///< a pointer in a name that must have none
  count_
};

/// Moves `at` behind a name, compressed or not, without following pointers.
/// Errors: `cut` and `bad_label_type`; `at` is then of no use.
[[nodiscard]] inline NameFault skip_name(std::span<const std::uint8_t> message, std::size_t& at) noexcept {
  while (at < message.size()) {
    const std::uint8_t length = message[at];
    if (length >= 0xc0) {
      at += 2;
      return at <= message.size() ? NameFault::none : NameFault::cut;
    }
    if (length > 63) return NameFault::bad_label_type;
    at += 1u + length;
    if (length == 0) return NameFault::none;
  }
  return NameFault::cut;
}

/// "ends beyond its octets": completes a sentence whose subject is the name.
std::string_view text(NameFault fault);

enum class Compression : std::uint8_t { allowed, refused };

/// Reads a name from `at` in `message` into presentation form with case kept, and moves `at` behind it.
/// Errors: the fault; `out` then ends with what was read before. Source: RFC 1035 section 4.1.4.
[[nodiscard]] NameFault read_name(std::span<const std::uint8_t> message, std::size_t& at, std::string& out,
                                  Compression compression = Compression::allowed);

/// The same into hexadecimal digits of the wire form, without compression.
[[nodiscard]] NameFault read_name_hex(std::span<const std::uint8_t> message, std::size_t& at, std::string& out);

}  // namespace rata::dns
