#include "decode/link_layers.h"

namespace rata::decode {
namespace {

using util::Cursor;

std::uint16_t little_endian_u16(Cursor& cursor) { return __builtin_bswap16(cursor.u16()); }
std::uint32_t little_endian_u32(Cursor& cursor) { return __builtin_bswap32(cursor.u32()); }

// Frame control, its two octets in their order on the wire. Source: IEEE 802.11-2020 section 9.2.4.1.
constexpr unsigned type_mask = 0x0c00, type_data = 0x0800;
constexpr unsigned no_data = 0x4000, quality_of_service = 0x8000;
constexpr unsigned to_and_from_ds = 0x0003, protected_frame = 0x0040, plus_htc = 0x0080;

/// Not handled: fragments of 802.11, and what an A-MSDU holds behind its first frame.
Next skip_wifi_header(Cursor& cursor, bool padded) noexcept {
  constexpr std::size_t fixed_octets = 24, address_octets = 6;
  const unsigned control = cursor.u16();
  if ((control & type_mask) != type_data || (control & no_data) != 0) return Next::nothing;
  if ((control & protected_frame) != 0) return Next::encrypted;
  cursor.skip(fixed_octets - 2);
  std::size_t octets = fixed_octets;
  const auto skip = [&](std::size_t count) {
    cursor.skip(count);
    octets += count;
  };
  if ((control & to_and_from_ds) == to_and_from_ds) skip(address_octets);
  bool aggregated = false;
  if ((control & quality_of_service) != 0) {
    aggregated = (cursor.peek() & 0x80) != 0;
    skip(2);
    if ((control & plus_htc) != 0) skip(4);
  }
  if (padded) cursor.skip(-octets & 3u);
  return aggregated ? skip_ethernet(cursor) : Next::llc;
}

}  // namespace

Next skip_wifi(Cursor& cursor) noexcept { return skip_wifi_header(cursor, false); }

/// Source: radiotap.org. Of its fields only the flags matter: they tell whether the 802.11 header is padded.
Next skip_radiotap(Cursor& cursor) noexcept {
  constexpr std::uint32_t has_time = 1, has_flags = 2, more_words = 0x80000000;
  constexpr std::size_t time_octets = 8;
  constexpr std::uint8_t header_is_padded = 0x20;
  Cursor fields(cursor.rest());  // alignment counts from here
  fields.skip(2);
  const std::uint16_t length = little_endian_u16(fields);
  const std::uint32_t present = little_endian_u32(fields);
  for (std::uint32_t word = present; (word & more_words) != 0 && fields.ok();) word = little_endian_u32(fields);
  if ((present & has_time) != 0) fields.skip((-fields.position() & 7u) + time_octets);
  const bool padded = (present & has_flags) != 0 && (fields.u8() & header_is_padded) != 0;
  constexpr std::size_t fixed_octets = 8;
  if (length < fixed_octets) cursor.fail();
  cursor.skip(length);
  return skip_wifi_header(cursor, padded);
}

Next skip_avs(Cursor& cursor) noexcept {
  constexpr std::size_t fixed_octets = 8;
  cursor.skip(4);
  const std::uint32_t length = cursor.u32();
  if (length < fixed_octets) cursor.fail();
  cursor.skip(length - fixed_octets);
  return skip_wifi(cursor);
}

Next skip_prism(Cursor& cursor) noexcept {
  constexpr std::uint32_t avs_mask = 0xfffff000, avs_magic = 0x80211000;
  constexpr std::size_t prism_octets = 144;
  Cursor magic = cursor;
  if ((magic.u32() & avs_mask) == avs_magic) return skip_avs(cursor);
  cursor.skip(prism_octets);
  return skip_wifi(cursor);
}

}  // namespace rata::decode
