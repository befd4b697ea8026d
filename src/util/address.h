#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rata::util {

/// An IPv4 or IPv6 address. IPv4 uses the first four octets; the rest stay zero, so that equality is one comparison.
struct Address {
  std::array<std::uint8_t, 16> octets{};
  bool v6 = false;

  static Address v4_from(const std::uint8_t* four) {
    Address address;
    std::memcpy(address.octets.data(), four, 4);
    return address;
  }
  static Address v6_from(const std::uint8_t* sixteen) {
    Address address;
    std::memcpy(address.octets.data(), sixteen, 16);
    address.v6 = true;
    return address;
  }

  /// Of 4 or 16 octets, as `bytes` gives them.
  static Address from(std::span<const std::uint8_t> octets) {
    return octets.size() == 4 ? v4_from(octets.data()) : v6_from(octets.data());
  }

  std::span<const std::uint8_t> bytes() const { return {octets.data(), v6 ? 16u : 4u}; }

  friend bool operator==(const Address&, const Address&) = default;
};

/// "192.0.2.1", "2001:db8::1" (RFC 5952).
std::string text(const Address& address);

/// "c0000201": hexadecimal digits without separators, the older form of addresses.
std::string hex(std::span<const std::uint8_t> octets);
inline std::string hex(const Address& address) { return hex(address.bytes()); }

/// Reads 8 or 32 hexadecimal digits of either case. Errors: nullopt for any other text.
std::optional<Address> address_from_hex(std::string_view digits);

}  // namespace rata::util
