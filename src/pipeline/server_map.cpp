#include "pipeline/server_map.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

namespace rata::pipeline {
namespace {

util::Address masked(util::Address address, unsigned bits) {
  for (std::size_t i = 0; i < address.octets.size(); ++i) {
    const unsigned kept = bits > i * 8 ? std::min<unsigned>(bits - static_cast<unsigned>(i) * 8, 8) : 0;
    address.octets[i] = static_cast<std::uint8_t>(address.octets[i] & (0xff00u >> kept));
  }
  return address;
}

std::optional<util::Address> parse_address(const std::string& text) {
  std::uint8_t octets[16];
  if (inet_pton(AF_INET, text.c_str(), octets) == 1) return util::Address::v4_from(octets);
  if (inet_pton(AF_INET6, text.c_str(), octets) == 1) return util::Address::v6_from(octets);
  return std::nullopt;
}

/// Longest prefix first, and those of one length by address.
auto rank(const Network& network) { return std::tuple(network.address.v6, 128 - network.bits, network.address.octets); }

}  // namespace

bool Network::holds(const util::Address& other) const {
  return other.v6 == address.v6 && masked(other, bits) == address;
}

util::Result<Network> parse_network(const std::string& text) {
  const util::Error wrong{
      fmt::format("\"{}\" is no address or network: 192.0.2.53, 192.0.2.0/24 and 2001:db8::/64 are", text)};
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return wrong;
  Network network{*address, address->v6 ? 128u : 32u};
  if (slash != std::string::npos) {
    const unsigned most = network.bits;
    const char* const last = text.data() + text.size();
    const auto [end, fault] = std::from_chars(text.data() + slash + 1, last, network.bits);
    if (fault != std::errc() || end != last || network.bits > most) return wrong;
  }
  network.address = masked(*address, network.bits);
  if (network.address == *address) return network;
  return util::Error{fmt::format("\"{}\" has bits set behind the prefix; the network is {}/{}", text,
                                 util::text(network.address), network.bits)};
}

void ServerMap::add_network(const Network& network, std::size_t server) {
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
    const Network wanted{masked(address, bits), bits};
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
