#pragma once

#include <cstdint>
#include <span>

#include "util/cursor.h"

namespace rata::capture {

/// One field of a protobuf message. Lifetime of `octets`: those of the message.
struct ProtobufField {
  enum class Kind { number, octets };
  std::uint32_t id = 0;
  Kind kind = Kind::number;
  std::uint64_t number = 0;              ///< of varint, fixed32 and fixed64 fields
  std::span<const std::uint8_t> octets;  ///< of length-delimited fields
};

/// Reads a protobuf message field by field where it lies. Groups, which nobody writes any more, are not read.
/// Source: the Protocol Buffers documentation, "Encoding".
class ProtobufReader {
 public:
  explicit ProtobufReader(std::span<const std::uint8_t> octets) noexcept : cursor_(octets) {}

  /// False at the end, and when the rest cannot be read: then `ok` is false.
  bool next(ProtobufField& field) noexcept {
    if (cursor_.remaining() == 0) return false;
    const std::uint64_t tag = varint();
    field.id = static_cast<std::uint32_t>(tag >> 3);
    field.kind = ProtobufField::Kind::number;
    if (tag > UINT32_MAX || field.id == 0) cursor_.fail();
    switch (tag & 7) {
      case 0:
        field.number = varint();
        break;
      case 1:
        field.number = __builtin_bswap64(cursor_.u64());
        break;
      case 2:
        field.kind = ProtobufField::Kind::octets;
        field.octets = cursor_.take(varint());
        break;
      case 5:
        field.number = __builtin_bswap32(cursor_.u32());
        break;
      default:
        cursor_.fail();
    }
    return cursor_.ok();
  }

  bool ok() const noexcept { return cursor_.ok(); }

 private:
  std::uint64_t varint() noexcept {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t octet = cursor_.u8();
      number |= static_cast<std::uint64_t>(octet & 0x7f) << shift;
      if ((octet & 0x80) == 0) return number;
    }
    cursor_.fail();  // more than ten octets
    return 0;
  }

  util::Cursor cursor_;
};

}  // namespace rata::capture
