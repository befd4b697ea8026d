#include "decode/link_layers.h"

namespace rata::decode {
namespace {

using util::Cursor;

/// Finds the packet among the attributes and leaves the cursor at it. Length and type of each are in the byte order of
/// the machine that captured, which nothing tells: the wrong one soon runs off the end.
bool find_payload(Cursor& cursor, bool swapped) noexcept {
  constexpr std::uint16_t payload_type = 9;
  constexpr std::size_t header_octets = 4;
  while (cursor.remaining() >= header_octets) {
    const std::uint16_t words[] = {cursor.u16(), cursor.u16()};
    const std::size_t length = swapped ? __builtin_bswap16(words[0]) : words[0];
    const std::uint16_t type = swapped ? __builtin_bswap16(words[1]) : words[1];
    if (length < header_octets) return false;
    if (type == payload_type) {
      cursor.limit(length - header_octets);
      return true;
    }
    cursor.skip(length - header_octets + (-length & 3u));
  }
  return false;
}

}  // namespace

/// Source: LINKTYPE_NFLOG of tcpdump.org.
Next skip_nflog(Cursor& cursor) noexcept {
  constexpr std::uint8_t unspecified = 0, ipv4 = 2, bridge = 7, ipv6 = 10;
  const std::uint8_t family = cursor.u8();
  const std::uint8_t version = cursor.u8();
  cursor.skip(2);
  if (!cursor.ok()) return Next::nothing;
  if (version != 0) return Next::unknown_link;
  for (const bool swapped : {true, false}) {
    Cursor attempt = cursor;
    if (!find_payload(attempt, swapped)) continue;
    cursor = attempt;
    const bool may_be_ip = family == unspecified || family == ipv4 || family == bridge || family == ipv6;
    return may_be_ip ? Next::ip : Next::nothing;
  }
  cursor.fail();
  return Next::nothing;
}

}  // namespace rata::decode
