#include "pipeline/server_map.h"

#include <algorithm>
#include <tuple>

namespace rata::pipeline {
namespace {

/// Longest prefix first, and those of one length by address.
auto rank(const reduce::Prefix& network) {
  return std::tuple(network.address.v6, 128 - network.bits, network.address.octets);
}

}  // namespace

void ServerMap::add_network(const reduce::Prefix& network, std::size_t server) {
  const auto at =
      std::ranges::lower_bound(networks_, rank(network), {}, [](const Entry& entry) { return rank(entry.network); });
  networks_.insert(at, {network, server});
}

void ServerMap::add_input(std::uint16_t input, std::size_t server) {
  if (inputs_.size() <= input) inputs_.resize(input + std::size_t{1});
  inputs_[input] = server;
}

/// One search for each prefix length that is configured, longest first.
std::optional<std::size_t> ServerMap::by_address(const util::Address& address) const {
  auto first =
      std::ranges::lower_bound(networks_, address.v6, {}, [](const Entry& entry) { return entry.network.address.v6; });
  while (first != networks_.end() && first->network.address.v6 == address.v6) {
    const unsigned bits = first->network.bits;
    const reduce::Prefix wanted{reduce::masked(address, bits), bits};
    const auto rank_of = [](const Entry& entry) { return rank(entry.network); };
    const auto found = std::ranges::lower_bound(first, networks_.end(), rank(wanted), {}, rank_of);
    if (found != networks_.end() && found->network == wanted) return found->server;
    first = std::ranges::upper_bound(
        first, networks_.end(), std::tuple(address.v6, 128 - bits), {},
        [](const Entry& entry) { return std::tuple(entry.network.address.v6, 128 - entry.network.bits); });
  }
  return std::nullopt;
}

}  // namespace rata::pipeline
