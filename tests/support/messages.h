#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.h"
#include "reduce/packet.h"
#include "reduce/prefixes.h"
#include "util/domain_name.h"
#include "util/hash.h"

namespace rata::tests {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes word(unsigned value) { return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}; }

inline Bytes octets_of(std::string_view text) { return {text.begin(), text.end()}; }

/// An EDNS option.
inline Bytes option(unsigned code, const Bytes& data) {
  return word(code) + word(static_cast<unsigned>(data.size())) + data;
}

/// An OPT record.
struct Opt {
  unsigned size = 1232;
  unsigned extended_rcode = 0, version = 0;
  bool dnssec_ok = false;
  Bytes options;

  Bytes bytes() const {
    return Bytes{0, 0, 41} + word(size) +
           Bytes{static_cast<std::uint8_t>(extended_rcode), static_cast<std::uint8_t>(version),
                 static_cast<std::uint8_t>(dnssec_ok ? 0x80 : 0), 0} +
           word(static_cast<unsigned>(options.size())) + options;
  }
};

/// A message to be made into octets and read back.
struct MessageText {
  std::string qname = "www.example.";  ///< as in zone files; "": no question
  unsigned qtype = 1, qclass = 1;
  unsigned flags = 0x0100;
  std::vector<Opt> opt = {};  ///< none or one
  std::string client = "192.0.2.1", server = "192.0.2.53";
  std::uint16_t client_port = 5000, server_port = 53;
  util::Transport transport = util::Transport::udp;
  std::int64_t time_ns = 0;
  unsigned id = 1;
};

/// Packets read from octets, as intake makes them; what they point to lives as long as this.
class Messages {
 public:
  reduce::Packet make(const MessageText& text) {
    Bytes& octets = kept_.emplace_back(bytes(text));
    reduce::Packet packet;
    EXPECT_EQ(dns::parse(octets, packet.message), dns::Malformed::none);
    if (packet.message.has_question()) {
      Bytes& folded = kept_.emplace_back(packet.message.qname.size() + 8);
      dns::fold_case(packet.message.qname, folded.data());
      packet.qname = {folded.data(), packet.message.qname.size()};
    }
    packet.client = address(text.client);
    packet.server = address(text.server);
    packet.client_port = text.client_port;
    packet.server_port = text.server_port;
    packet.transport = text.transport;
    packet.time = {text.time_ns};
    return packet;
  }

  static util::Address address(std::string_view text) {
    const auto prefix = reduce::read_prefix(std::string(text));
    EXPECT_TRUE(prefix) << text;
    return prefix->address;
  }

 private:
  static Bytes bytes(const MessageText& text) {
    const unsigned questions = text.qname.empty() ? 0 : 1;
    Bytes octets = word(text.id) + word(text.flags) + word(questions) + word(0) + word(0) +
                   word(static_cast<unsigned>(text.opt.size()));
    if (questions != 0) {
      EXPECT_TRUE(util::append_wire_name(text.qname, octets)) << text.qname;
      octets = octets + word(text.qtype) + word(text.qclass);
    }
    for (const Opt& opt : text.opt) octets = octets + opt.bytes();
    return octets;
  }

  std::deque<Bytes> kept_;
};

}  // namespace rata::tests
