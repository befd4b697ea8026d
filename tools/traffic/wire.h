#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace rata::traffic {

/// Network order (RFC 1700): the lower 16 bits of `value` at `at`.
inline void store16(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

inline void store32(std::uint8_t* at, std::uint32_t value) {
  store16(at, value >> 16);
  store16(at + 2, value);
}

/// The Internet checksum (RFC 1071), added up over several pieces. Each piece but the last must have an even length.
class Checksum {
 public:
  void add(std::span<const std::uint8_t> octets) {
    std::size_t i = 0;
    for (; i + 4 <= octets.size(); i += 4) {
      std::uint32_t word;
      std::memcpy(&word, octets.data() + i, 4);
      sum_ += word;
    }
    std::uint32_t rest = 0;
    if (i < octets.size()) std::memcpy(&rest, octets.data() + i, octets.size() - i);
    sum_ += rest;
  }

  /// Writes the complement of the sum. One's complement sums keep the byte order they were read in (RFC 1071
  /// section 2 B), so nothing is swapped.
  void store(std::uint8_t* at) const {
    const std::uint16_t value = complement();
    std::memcpy(at, &value, 2);
  }

  /// As UDP has it: a sum of zero is sent as all ones, since zero means "no checksum" (RFC 768).
  void store_for_udp(std::uint8_t* at) const {
    const std::uint16_t value = complement() == 0 ? std::uint16_t{0xffff} : complement();
    std::memcpy(at, &value, 2);
  }

 private:
  std::uint16_t complement() const {
    std::uint64_t sum = sum_;
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
  }

  std::uint64_t sum_ = 0;
};

}  // namespace rata::traffic
