#include "traffic/addresses.h"

#include <fmt/format.h>

#include "traffic/wire.h"

namespace rata::traffic {
namespace {

constexpr std::uint32_t first_port = 1024;
constexpr std::uint32_t port_count = 64'512;

/// First octets that no client has: special (RFC 6890), or partly so.
bool is_special(std::uint32_t first_octet) {
  switch (first_octet) {
    case 0:
    case 10:
    case 100:
    case 127:
    case 169:
    case 172:
    case 192:
    case 198:
    case 203:
      return true;
    default:
      return first_octet >= 224;
  }
}

/// The run of zero groups that "::" stands for: the first of the longest, of two or more. Source: RFC 5952 section 4.2.
struct ZeroRun {
  std::size_t begin = 8;
  std::size_t length = 1;
};

ZeroRun longest_zero_run(const std::array<unsigned, 8>& groups) {
  ZeroRun best;
  for (std::size_t begin = 0; begin < groups.size();) {
    std::size_t end = begin;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - begin > best.length) best = {begin, end - begin};
    begin = end > begin ? end : begin + 1;
  }
  return best;
}

}  // namespace

std::string text(const Address& address, bool v6) {
  if (!v6) return fmt::format("{}.{}.{}.{}", address[0], address[1], address[2], address[3]);
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = address[2 * i] * 256U + address[2 * i + 1];
  const ZeroRun zeros = longest_zero_run(groups);
  std::string result;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.begin) {
      result += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!result.empty() && result.back() != ':') result += ':';
    result += fmt::format("{:x}", groups[i]);
  }
  return result;
}

Addresses::Addresses(const Options& options) : v6_share_(options.v6) {
  auto v6_count = static_cast<std::uint32_t>(static_cast<double>(options.clients) * options.v6);
  std::uint32_t v4_count = options.clients - v6_count;
  if (options.v6 > 0 && v6_count == 0) v6_count = 1;
  if (options.v6 < 1 && v4_count == 0) v4_count = 1;
  make_clients_v4(v4_count, options.seed);
  make_clients_v6(v6_count, options.seed);
  for (std::size_t family = 0; family < 2; ++family) {
    const auto count = static_cast<std::uint32_t>(clients_[family].size());
    if (count > 0) popularity_[family] = AliasTable::zipf(count, options.zipf_clients);
    connections_[family].resize(count);
  }
  // Reserved for documentation: RFC 5737 and RFC 3849.
  servers_[0] = {Address{192, 0, 2, 53}, Address{198, 51, 100, 53}};
  for (std::size_t i = 0; i < 2; ++i) {
    servers_[1][i] = {0x20, 0x01, 0x0d, 0xb8, 0, 0x53, 0, static_cast<std::uint8_t>(i), 0, 0, 0, 0, 0, 0, 0, 0x53};
  }
}

/// Four clients in each /24, so that networks repeat as they do in life.
void Addresses::make_clients_v4(std::uint32_t count, std::uint64_t seed) {
  const std::uint32_t wanted = count / 4 + 1;
  std::vector<std::uint32_t> networks;
  networks.reserve(wanted);
  const auto offset = static_cast<std::uint32_t>(mix(seed));
  for (std::uint32_t i = 0; networks.size() < wanted; ++i) {
    const std::uint32_t network = (i * 0x9e3779U + offset) & 0xffffff;  // an odd factor: a permutation of 24 bits
    if (!is_special(network >> 16)) networks.push_back(network);
  }
  clients_[0].resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t n = i % wanted;
    const std::uint32_t host = 1 + (i / wanted) * 61 + static_cast<std::uint32_t>(mix(n) % 60);
    store32(clients_[0][i].data(), networks[n] << 8 | host);
  }
}

/// Two clients in each /64, below 2a00::/12: one with a low interface identifier, one with a random one (RFC 8981).
void Addresses::make_clients_v6(std::uint32_t count, std::uint64_t seed) {
  clients_[1].resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t hash = mix(seed * 7 + i / 2);
    const bool random_identifier = i % 2 == 1;
    std::uint8_t* const octets = clients_[1][i].data();
    store32(octets, 0x2a000000 | static_cast<std::uint32_t>(hash & 0x0fffff));
    store32(octets + 4, static_cast<std::uint32_t>(hash >> 32));
    store32(octets + 8, random_identifier ? static_cast<std::uint32_t>(mix(hash + 1)) : 0);
    store32(octets + 12, random_identifier ? static_cast<std::uint32_t>(mix(hash + 2)) : i + 1);
  }
}

Flow Addresses::draw_flow(Random& random, Family family) const {
  Flow flow;
  flow.v6 = family == Family::any && random.chance(v6_share_);
  if (clients_[0].empty()) flow.v6 = true;
  const std::size_t f = flow.v6 ? 1 : 0;
  flow.client_index = popularity_[f].draw(random);
  flow.client = &clients_[f][flow.client_index];
  flow.server = &servers_[f][random.chance(.3) ? 1 : 0];
  flow.client_port =
      random.chance(.005) ? std::uint16_t{53} : static_cast<std::uint16_t>(first_port + random.below(port_count));
  const std::uint32_t hops = random.below(24);
  flow.hop_limit = static_cast<std::uint8_t>(64 - hops - (random.chance(.2) ? 12 : 0));
  return flow;
}

std::uint16_t Addresses::next_tcp_port(const Flow& flow) {
  const std::uint64_t before = connections_[flow.v6 ? 1 : 0][flow.client_index]++;
  // 25013 has no factor in common with the number of ports, so the steps visit them all.
  return static_cast<std::uint16_t>(first_port + (mix(flow.client_index) % port_count + before * 25'013) % port_count);
}

}  // namespace rata::traffic
