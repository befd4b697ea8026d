#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "traffic/random.h"
#include "traffic/wire.h"

namespace rata::traffic {

/// Octets of the fixed header (RFC 1035 section 4.1.1).
constexpr std::uint32_t header_octets = 12;
constexpr std::uint32_t max_label_octets = 63;

/// Type codes that this program writes. Source: IANA, "Domain Name System (DNS) Parameters".
enum RrType : std::uint16_t {
  type_a = 1,
  type_ns = 2,
  type_soa = 6,
  type_ptr = 12,
  type_mx = 15,
  type_txt = 16,
  type_aaaa = 28,
  type_srv = 33,
  type_opt = 41,
  type_ds = 43,
  type_rrsig = 46,
  type_dnskey = 48,
  type_nsec3 = 50,
  type_https = 65,
  type_any = 255,
};

constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t class_chaos = 3;

/// Bits of the header's third and fourth octet.
constexpr std::uint32_t flag_qr = 0x8000;
constexpr std::uint32_t flag_aa = 0x0400;
constexpr std::uint32_t flag_tc = 0x0200;
constexpr std::uint32_t flag_rd = 0x0100;
constexpr std::uint32_t opcode_notify = 4;
constexpr std::uint32_t opcode_shift = 11;

/// EDNS: DO in the OPT record's TTL, and option codes (RFC 6891, 7873, 5001, 7871).
constexpr std::uint32_t edns_do = 0x8000;
constexpr std::uint32_t edns_client_subnet = 8;
constexpr std::uint32_t edns_nsid = 3;
constexpr std::uint32_t edns_cookie = 10;

/// A DNS message as it grows: everything is appended, and what is known only later is patched.
class Message {
 public:
  /// The longest response is a TXT RRset of nine strings, about 2,600 octets.
  static constexpr std::uint32_t capacity = 4096;

  std::uint32_t size() const { return size_; }
  std::span<const std::uint8_t> octets() const { return {octets_.data(), size_}; }
  std::span<std::uint8_t> octets() { return {octets_.data(), size_}; }

  void clear() { size_ = 0; }
  /// Forgets what is behind the first `size` octets.
  void cut(std::uint32_t size) {
    assert(size <= size_);
    size_ = size;
  }

  void put8(std::uint32_t value) { *grow(1) = static_cast<std::uint8_t>(value); }
  void put16(std::uint32_t value) { store16(grow(2), value); }
  void put32(std::uint32_t value) { store32(grow(4), value); }
  void patch16(std::uint32_t at, std::uint32_t value) {
    assert(at + 2 <= size_);
    store16(octets_.data() + at, value);
  }

  void put_octets(std::span<const std::uint8_t> octets) {
    std::memcpy(grow(static_cast<std::uint32_t>(octets.size())), octets.data(), octets.size());
  }
  void put_text(std::string_view text) {
    std::memcpy(grow(static_cast<std::uint32_t>(text.size())), text.data(), text.size());
  }
  void put_label(std::string_view label) {
    assert(label.size() <= max_label_octets);
    put8(static_cast<std::uint32_t>(label.size()));
    put_text(label);
  }
  /// A compression pointer (RFC 1035 section 4.1.4).
  void put_pointer(std::uint32_t offset) { put16(0xc000 | offset); }

  /// Octets that look like a hash or a signature. Equal seed, equal octets.
  void put_scattered(std::uint64_t seed, std::uint32_t count) {
    while (count > 0) {
      seed = mix(seed + 0x9e37);
      const std::uint32_t step = count < 8 ? count : 8;
      std::memcpy(grow(step), &seed, step);
      count -= step;
    }
  }

 private:
  std::uint8_t* grow(std::uint32_t count) {
    assert(count <= capacity - size_);
    std::uint8_t* const at = octets_.data() + size_;
    size_ += count;
    return at;
  }

  std::uint32_t size_ = 0;
  std::array<std::uint8_t, capacity> octets_;
};

}  // namespace rata::traffic
