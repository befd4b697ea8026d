#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rata::util {

/// What carried a DNS message. Packets show classic DNS (Do53) over UDP and TCP; only dnstap knows what was inside
/// encryption.
/// Source: RFC 1035 section 4.2, RFC 7858 (DoT), RFC 8484 (DoH), RFC 9250 (DoQ), the DNSCrypt version 2 protocol.
enum class Transport : std::uint8_t { udp, tcp, dot, doh, doq, dnscrypt_udp, dnscrypt_tcp, count_ };

/// "udp", "dot": the name in reports and configuration.
constexpr std::string_view name(Transport transport) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Transport::count_)> names = {
      "udp", "tcp", "dot", "doh", "doq", "dnscrypt_udp", "dnscrypt_tcp"};
  return names[static_cast<std::size_t>(transport)];
}

}  // namespace rata::util
