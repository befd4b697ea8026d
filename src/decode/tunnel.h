#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rata::decode {

/// What can stand between a frame and its innermost datagram and can be left unopened.
enum class Tunnel : std::uint8_t { gre, ipip, six_in_four, vxlan, geneve, gtp, mpls, pppoe, count_ };

/// "gre", "6in4"..., as configured, in the order of the enum.
std::span<const std::string_view> tunnel_names();
std::optional<Tunnel> tunnel_named(std::string_view name);

/// Which tunnels are looked into; all of them at first.
class TunnelSet {
 public:
  bool has(Tunnel tunnel) const noexcept { return opened_[static_cast<std::size_t>(tunnel)]; }
  void add(Tunnel tunnel) noexcept { opened_.set(static_cast<std::size_t>(tunnel)); }
  void remove(Tunnel tunnel) noexcept { opened_.reset(static_cast<std::size_t>(tunnel)); }
  void remove_all() noexcept { opened_.reset(); }
  bool empty() const noexcept { return opened_.none(); }
  bool operator==(const TunnelSet&) const = default;

 private:
  std::bitset<static_cast<std::size_t>(Tunnel::count_)> opened_ =
      ~std::bitset<static_cast<std::size_t>(Tunnel::count_)>{};
};

}  // namespace rata::decode
