#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "captures.h"

/// Frame Streams and dnstap made by the tests.
namespace rata::capture::dnstap {

using captures::Octets;

enum ControlType : std::uint32_t { ACCEPT = 1, START = 2, STOP = 3, READY = 4, FINISH = 5 };

inline Octets word(std::size_t value) {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

inline constexpr std::string_view our_content = "protobuf:dnstap.Dnstap";

inline Octets control(ControlType type, std::initializer_list<std::string_view> contents = {}) {
  Octets payload = word(type);
  for (const std::string_view content : contents)
    payload = captures::joined({payload, word(1), word(content.size()), Octets(content.begin(), content.end())});
  return captures::joined({word(0), word(payload.size()), payload});
}

inline Octets data(std::span<const std::uint8_t> payload) { return captures::joined({word(payload.size()), payload}); }

/// Fields of protobuf.
inline Octets varint(std::uint64_t number) {
  Octets octets;
  for (; number > 0x7f; number >>= 7) octets.push_back(static_cast<std::uint8_t>(number | 0x80));
  octets.push_back(static_cast<std::uint8_t>(number));
  return octets;
}
inline Octets number_field(std::uint32_t id, std::uint64_t number) {
  return captures::joined({varint(id << 3), varint(number)});
}
inline Octets octets_field(std::uint32_t id, std::span<const std::uint8_t> octets) {
  return captures::joined({varint(id << 3 | 2), varint(octets.size()), octets});
}
inline Octets fixed32_field(std::uint32_t id, std::uint32_t number) {
  Octets reversed = word(number);
  return captures::joined({varint(id << 3 | 5), Octets(reversed.rbegin(), reversed.rend())});
}

/// A Dnstap of type MESSAGE around the fields of a Message.
inline Octets dnstap(std::span<const std::uint8_t> message) {
  const Octets version = {'t', 'e', 's', 't'};
  return captures::joined({octets_field(2, version), octets_field(14, message), number_field(15, 1)});
}

inline constexpr std::uint8_t client_v4[] = {192, 0, 2, 1}, server_v4[] = {192, 0, 2, 53};

/// A query or response with all fields, as a careful writer makes it.
inline Octets message(std::uint64_t type, std::uint64_t protocol, std::uint64_t seconds,
                      std::span<const std::uint8_t> dns) {
  const bool query = type % 2 == 1;
  return captures::joined({number_field(1, type), number_field(2, 1), number_field(3, protocol),
                           octets_field(4, client_v4), octets_field(5, server_v4), number_field(6, 40000),
                           number_field(7, 53), number_field(query ? 8 : 12, seconds), fixed32_field(query ? 9 : 13, 5),
                           octets_field(query ? 10 : 14, dns)});
}

}  // namespace rata::capture::dnstap
