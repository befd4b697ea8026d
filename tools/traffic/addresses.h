#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "traffic/alias_table.h"
#include "traffic/options.h"
#include "traffic/random.h"

namespace rata::traffic {

/// Octets of an IPv4 address (the first four) or an IPv6 address. Which of the two is known from beside it.
using Address = std::array<std::uint8_t, 16>;

/// Dotted, or as RFC 5952 writes IPv6.
std::string text(const Address& address, bool v6);

/// Who talks to whom: a client, and the server under one of its addresses.
struct Flow {
  const Address* client = nullptr;
  const Address* server = nullptr;
  std::uint32_t client_index = 0;  ///< among the clients of its family
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 53;
  std::uint8_t hop_limit = 64;  ///< as it arrives from the client; IPv4 calls it TTL
  bool v6 = false;
};

/// The clients, by popularity, and the server's own two addresses of each family.
class Addresses {
 public:
  explicit Addresses(const Options& options);

  /// Which families a drawn client may be of.
  enum class Family { any, v4_if_there_is_one };

  /// A client by Zipf's law within its family, from a random port.
  Flow draw_flow(Random& random, Family family) const;

  /// A port for a TCP connection: each of a client's is used before one is used again, so that no two connections at a
  /// time share one.
  std::uint16_t next_tcp_port(const Flow& flow);

  const std::vector<Address>& clients(bool v6) const { return clients_[v6 ? 1 : 0]; }
  const Address& server_v4() const { return servers_[0][0]; }

 private:
  void make_clients_v4(std::uint32_t count, std::uint64_t seed);
  void make_clients_v6(std::uint32_t count, std::uint64_t seed);

  const double v6_share_;
  // By family: 0 is IPv4.
  std::array<std::vector<Address>, 2> clients_;
  std::array<AliasTable, 2> popularity_;
  std::array<std::vector<std::uint32_t>, 2> connections_;
  std::array<std::array<Address, 2>, 2> servers_;
};

}  // namespace rata::traffic
