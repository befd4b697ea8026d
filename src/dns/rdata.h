#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rata::dns {

/// Rdata, and where it lies: names in it may point to what stands before. Lifetime: the message's octets.
struct Rdata {
  std::span<const std::uint8_t> message;  ///< compression pointers count from its first octet
  std::size_t at = 0;                     ///< of the rdata's first octet in `message`
  std::size_t size = 0;
  std::uint16_t type = 0, rr_class = 0;

  std::span<const std::uint8_t> octets() const { return message.subspan(at, size); }
};

/// Appends rdata in the presentation form of its type. Where the type has none here, or the octets do not read as the
/// type wants them, that of RFC 3597 section 5 for any octets (\# 3 abcdef) stands instead, and false comes back.
bool append_rdata(const Rdata& rdata, std::string& out);

/// Appends rdata as hexadecimal digits that mean the same in any message: names that may be compressed in the type
/// (RFC 3597 section 4) are written out. Octets that do not read as the type wants them stand as they came.
void append_rdata_hex(const Rdata& rdata, std::string& out);

}  // namespace rata::dns
