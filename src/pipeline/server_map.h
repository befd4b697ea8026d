#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reduce/prefixes.h"
#include "util/address.h"
#include "util/result.h"

namespace rata::pipeline {

/// Which of the watched servers a packet belongs to: by the address of the side that responds, longest prefix first;
/// else by the input that it came from; else number 0.
class ServerMap {
 public:
  /// `servers`: their number, 0 included.
  explicit ServerMap(std::size_t servers) : servers_(servers) {}
  void set_size(std::size_t servers) { servers_ = servers; }

  void add_network(const reduce::Prefix& network, std::size_t server);
  void add_input(std::uint16_t input, std::size_t server);

  std::size_t size() const { return servers_; }

  /// The latest answer, since most packets in a row have the same one. One for each thread.
  struct Memory {
    util::Address address;
    std::optional<std::size_t> by_address;
    bool filled = false;
  };

  std::size_t of(const util::Address& server, std::uint16_t input, Memory& memory) const {
    if (!memory.filled || memory.address != server) memory = {server, by_address(server), true};
    return memory.by_address ? *memory.by_address : by_input(input);
  }

 private:
  struct Entry {
    reduce::Prefix network;
    std::size_t server;
  };

  std::optional<std::size_t> by_address(const util::Address& address) const;
  std::size_t by_input(std::uint16_t input) const { return input < inputs_.size() ? inputs_[input] : 0; }

  std::size_t servers_;
  std::vector<Entry> networks_;  ///< by family and prefix length, longest first, then by address
  std::vector<std::size_t> inputs_;
};

}  // namespace rata::pipeline
