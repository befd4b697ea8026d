#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rata::dns {

/// Where the labels of a name begin. `wire`: a whole name in wire form, without compression; empty counts as the root.
/// Lifetime: that of `wire`.
class Labels {
 public:
  explicit Labels(std::span<const std::uint8_t> wire) noexcept : wire_(wire) {
    for (std::size_t at = 0; at < wire.size() && wire[at] != 0; at += 1u + wire[at])
      starts_[count_++] = static_cast<std::uint8_t>(at);
  }

  /// Without the root label: 0 to 127.
  std::size_t count() const { return count_; }

  /// The octets of a label, counted from the right: 0 is the top level. Only of labels that there are.
  std::span<const std::uint8_t> from_right(std::size_t i) const {
    const std::size_t at = starts_[count_ - 1 - i];
    return wire_.subspan(at + 1u, wire_[at]);
  }

  /// The name of the last `count` labels in wire form; the whole name when it has no more than these.
  std::span<const std::uint8_t> last(std::size_t count) const {
    if (count >= count_) return wire_;
    return wire_.subspan(count == 0 ? wire_.size() - 1 : starts_[count_ - count]);
  }

 private:
  std::span<const std::uint8_t> wire_;
  std::array<std::uint8_t, 127> starts_;
  std::size_t count_ = 0;
};

}  // namespace rata::dns
