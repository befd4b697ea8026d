#include "decode/message_boundary.h"

#include "util/cursor.h"

namespace rata::decode {
namespace {

constexpr std::size_t prefix_octets = 2;
constexpr std::size_t header_octets = 12;
constexpr std::size_t max_name_octets = 255;

std::uint16_t word(std::span<const std::uint8_t> octets, std::size_t at) {
  return util::big_endian<std::uint16_t>(octets.data() + at);
}

/// QUERY, STATUS, NOTIFY, UPDATE, DSO.
bool known_opcode(unsigned opcode) { return opcode == 0 || opcode == 2 || (opcode >= 4 && opcode <= 6); }

/// IN, CH, HS, NONE, ANY.
bool known_class(unsigned code) { return code == 1 || code == 3 || code == 4 || code == 254 || code == 255; }

bool flags_fit(std::uint16_t flags) {
  const bool response = (flags & 0x8000) != 0;
  const bool reserved_bit = (flags & 0x0040) != 0;
  const unsigned rcode = flags & 15u;
  return known_opcode((flags >> 11) & 15u) && !reserved_bit && rcode <= (response ? 11u : 0u);
}

/// Length prefix and flags, as far as they can be seen.
Boundary start_fits(std::span<const std::uint8_t> octets) {
  if (octets.size() >= prefix_octets && word(octets, 0) < header_octets) return Boundary::no;
  if (octets.size() < prefix_octets + 4) return Boundary::maybe;
  return flags_fit(word(octets, 4)) ? Boundary::yes : Boundary::no;
}

/// The counts against the room that the length leaves: a question takes five octets or more, a record eleven.
bool counts_fit(std::span<const std::uint8_t> octets) {
  constexpr unsigned opcode_dso = 6;
  const unsigned length = word(octets, 0);
  const unsigned questions = word(octets, 6);
  const unsigned records = 0u + word(octets, 8) + word(octets, 10) + word(octets, 12);
  const unsigned flags = word(octets, 4);
  if (questions > 1 || questions * 5 + records * 11 > length - header_octets) return false;
  if (questions == 0 && records == 0) return length == header_octets || ((flags >> 11) & 15u) == opcode_dso;
  // Responses without a question: the later messages of a zone transfer (RFC 5936 section 2.2).
  return questions == 1 || (flags & 0x8000) != 0;
}

/// The name, type and class behind the header. Not compressed: no name lies before the first one.
Boundary first_name_fits(std::span<const std::uint8_t> octets) {
  const std::size_t end = prefix_octets + word(octets, 0);
  const std::size_t start = prefix_octets + header_octets;
  std::size_t at = start;
  for (;;) {
    if (at >= end || at - start >= max_name_octets) return Boundary::no;
    if (at >= octets.size()) return Boundary::maybe;
    const std::uint8_t label = octets[at];
    if (label > 63) return Boundary::no;
    at += 1u + label;
    if (label == 0) break;
  }
  if (at + 4 > end) return Boundary::no;
  if (at + 4 > octets.size()) return Boundary::maybe;
  return word(octets, at) != 0 && known_class(word(octets, at + 2)) ? Boundary::yes : Boundary::no;
}

}  // namespace

Boundary message_begins(std::span<const std::uint8_t> octets) noexcept {
  if (const Boundary start = start_fits(octets); start != Boundary::yes) return start;
  if (octets.size() < prefix_octets + header_octets) return Boundary::maybe;
  if (!counts_fit(octets)) return Boundary::no;
  const std::size_t length = word(octets, 0);
  if (length > header_octets && (word(octets, 6) != 0 || word(octets, 8) != 0))
    if (const Boundary name = first_name_fits(octets); name != Boundary::yes) return name;
  const std::size_t end = prefix_octets + length;
  if (octets.size() > end && start_fits(octets.subspan(end)) == Boundary::no) return Boundary::no;
  return Boundary::yes;
}

}  // namespace rata::decode
