#include "util/address.h"

#include <arpa/inet.h>

#include <charconv>

#include "util/encoding.h"

namespace rata::util {

std::string text(const Address& address) {
  // glibc's inet_ntop differs from RFC 5952 in one point only: it prints ::ffff:0:0/96 and ::/96 with a dotted end,
  // which section 5 of the RFC recommends for the former and nobody uses for the latter.
  char buffer[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.octets.data(), buffer, sizeof buffer);
  return buffer;
}

std::string hex(std::span<const std::uint8_t> octets) {
  std::string out;
  append_hex(octets, out);
  return out;
}

std::optional<Address> address_from_hex(std::string_view digits) {
  if (digits.size() != 8 && digits.size() != 32) return std::nullopt;
  Address address;
  address.v6 = digits.size() == 32;
  for (std::size_t i = 0; i < digits.size() / 2; ++i) {
    const char* first = digits.data() + 2 * i;
    const auto [end, fault] = std::from_chars(first, first + 2, address.octets[i], 16);
    if (fault != std::errc() || end != first + 2) return std::nullopt;
  }
  return address;
}

}  // namespace rata::util
