#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

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
  std::span<const std::uint8_t> octets() const { return {octets_.data(), size_}; }

 private:
  std::array<std::uint8_t, 256> octets_;
  std::size_t size_ = 0;
};

/// A way to look at a packet: a key in octets while counting, text when it is shown.
struct Dimension {
  std::string_view name;
  std::string_view help;
  /// Fills the key. False: the packet has none (a message without question has no qname) and is not counted.
  bool (*key)(const Packet&, KeyBuffer&);
  std::string (*text)(std::span<const std::uint8_t>);
};

std::span<const Dimension> dimensions();
/// nullptr when there is none of that name.
const Dimension* find_dimension(std::string_view name);

/// A yes or no about a packet, for `where`.
struct Condition {
  std::string_view name;
  std::string_view help;
  bool (*holds)(const Packet&);
};

std::span<const Condition> conditions();
const Condition* find_condition(std::string_view name);

}  // namespace rata::reduce
