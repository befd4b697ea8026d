#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "dns/labels.h"
#include "dns/name.h"
#include "reduce/packet.h"
#include "util/hash.h"

namespace rata::tests {

/// Packets for reducers, made from text, with what they point to kept alive beside them.
class Packets {
 public:
  struct What {
    std::string name = "a.example";  ///< "" for no question, "." for the root
    std::uint16_t qtype = 1;
    bool response = false;
    std::string client = "192.0.2.1";
    double time = 0;
    std::uint16_t id = 0;
    bool tcp = false;
    std::uint64_t ordinal = 0;
    std::uint16_t client_port = 5000;
  };

  reduce::Packet make(const What& what) {
    Octets& wire = names_.emplace_back(wire_name(what.name));
    Octets& folded = names_.emplace_back(wire.size() + 8);
    dns::fold_case(wire, folded.data());
    reduce::Packet packet;
    packet.message.id = what.id;
    packet.message.flags = what.response ? 0x8000 : 0;
    packet.message.question_count = what.name.empty() ? 0 : 1;
    packet.message.qtype = what.qtype;
    packet.message.qclass = 1;
    if (!what.name.empty()) {
      packet.message.qname = wire;
      packet.qname = {folded.data(), wire.size()};
      packet.message.last_label = static_cast<std::uint8_t>(wire.size() - dns::Labels(packet.qname).last(1).size());
    }
    packet.client = address(what.client);
    packet.server = address("192.0.2.53");
    packet.client_port = what.client_port;
    packet.server_port = 53;
    packet.time = {static_cast<std::int64_t>(what.time * 1e9)};
    packet.ordinal = what.ordinal;
    packet.transport = what.tcp ? util::Transport::tcp : util::Transport::udp;
    return packet;
  }

  static util::Address address(const std::string& text) {
    std::uint8_t octets[4] = {};
    std::size_t at = 0;
    for (std::uint8_t& octet : octets) {
      octet = static_cast<std::uint8_t>(std::stoul(text.substr(at)));
      at = text.find('.', at) + 1;
    }
    return util::Address::v4_from(octets);
  }

 private:
  using Octets = std::vector<std::uint8_t>;

  static Octets wire_name(const std::string& text) {
    Octets wire;
    for (std::size_t at = 0; at < text.size() && text != ".";) {
      const std::size_t dot = std::min(text.find('.', at), text.size());
      wire.push_back(static_cast<std::uint8_t>(dot - at));
      wire.insert(wire.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                  text.begin() + static_cast<std::ptrdiff_t>(dot));
      at = dot + 1;
    }
    wire.push_back(0);
    return wire;
  }

  std::deque<Octets> names_;
};

}  // namespace rata::tests
