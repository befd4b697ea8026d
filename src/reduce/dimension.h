#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "reduce/needs.h"
#include "reduce/packet.h"

namespace rata::reduce {

/// The octets of a key under construction. No dimension gives more than 255.
class KeyBuffer {
 public:
  void assign(std::span<const std::uint8_t> octets) {
    std::memcpy(octets_.data(), octets.data(), octets.size());
    size_ = octets.size();
  }
  void assign_number(std::uint16_t number) {
    octets_[0] = static_cast<std::uint8_t>(number >> 8);
    octets_[1] = static_cast<std::uint8_t>(number);
    size_ = 2;
  }
  void append(std::uint8_t octet) { octets_[size_++] = octet; }
  std::span<const std::uint8_t> octets() const { return {octets_.data(), size_}; }

 private:
  std::array<std::uint8_t, 256> octets_;
  std::size_t size_ = 0;
};

/// The key of a party: the 4 or 16 octets of an address or, where that was made anonymous, its text with an octet or
/// two behind it, so that it is no address's.
void party_key(const util::Address& address, std::string_view text, KeyBuffer& key);
std::string party_text(std::span<const std::uint8_t> key);

/// A way to look at a packet: a key in octets while counting, text when it is shown.
struct Dimension {
  std::string_view name;
  std::string_view help;
  /// Fills the key. False: the packet has none (a message without question has no qname) and is not counted.
  bool (*key)(const Packet&, KeyBuffer&);
  std::string (*text)(std::span<const std::uint8_t>);
  Needs needs;  ///< `key` is asked only of a packet that has them
};

std::span<const Dimension> dimensions();
/// nullptr when there is none of that name.
const Dimension* find_dimension(std::string_view name);

/// A yes or no about a packet, for `where`.
struct Condition {
  std::string_view name;
  std::string_view help;
  bool (*holds)(const Packet&);
  Needs needs;  ///< the same for `holds`
};

std::span<const Condition> conditions();
const Condition* find_condition(std::string_view name);

}  // namespace rata::reduce
