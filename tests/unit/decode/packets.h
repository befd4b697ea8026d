#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decode/joiner.h"
#include "decode/opener.h"

/// Packets from the inside out, with addresses for documentation.
namespace rata::decode::packets {

using Octets = std::vector<std::uint8_t>;

inline constexpr std::uint16_t client_port = 40000;

void put(Octets& octets, std::uint64_t number, int count);
Octets joined(std::initializer_list<std::span<const std::uint8_t>> parts);
Octets part(const Octets& octets, std::size_t begin, std::size_t end);

/// A query for `label`.example. A, or its response when `response`; `padding` more octets at its end.
Octets dns(std::string_view label, bool response = false, std::size_t padding = 0);
/// With the length prefix of TCP.
Octets prefixed(const Octets& message);

Octets stream_of(std::initializer_list<Octets> messages);

Octets udp(std::uint16_t source, std::uint16_t destination, const Octets& payload);
Octets ipv4(std::uint8_t protocol, const Octets& payload, std::size_t option_octets = 0, std::uint16_t fragment = 0);
Octets ipv6(std::uint8_t protocol, const Octets& payload);
/// A hop-by-hop, routing or destination options header of `units` * 8 octets before `payload`.
Octets extension(std::uint8_t next, const Octets& payload, std::size_t units = 1);
Octets fragment_header(std::uint8_t next, std::uint16_t offset, bool more, std::uint32_t id, const Octets& payload);
/// Octets from hexadecimal digits; blanks do not count.
Octets hex(std::string_view digits);
Octets behind(std::string_view header, const Octets& packet);
Octets ethernet(std::uint16_t ethertype, const Octets& payload);

util::Address client(bool v6 = false);
util::Address server(bool v6 = false);

/// One side of a TCP connection, as a maker of datagrams. The segments live as long as it does.
class Peer {
 public:
  enum Flag : std::uint8_t { fin = 1, syn = 2, rst = 4, ack = 16 };

  Peer(bool is_client, std::uint32_t initial_sequence) : is_client_(is_client), initial_(initial_sequence) {}

  Datagram syn_segment(const Octets& data = {});
  /// Octets of the stream from `offset` on; offset zero is the one behind the SYN.
  Datagram data(std::size_t offset, std::span<const std::uint8_t> octets, std::uint8_t flags = 0);
  Datagram acknowledgement(const Peer& other, std::size_t offset);

  bool is_client_;
  std::uint32_t initial_;
  std::uint16_t port = client_port;

 private:
  Datagram segment(std::uint32_t sequence, std::uint32_t acknowledged, std::uint8_t flags,
                   std::span<const std::uint8_t> data);

  std::vector<Octets> segments_;
};

/// An opener and a joiner on port 53 with what it has given so far, copied. Every datagram gets the next ordinal, a
/// millisecond later.
class Harness {
 public:
  explicit Harness(const JoinerLimits& limits = {}, const FragmentLimits& fragments = {});

  Outcome add(Datagram datagram);
  void add_all(const std::vector<Datagram>& datagrams);
  void finish();
  void expect(const std::vector<Octets>& expected, const std::string& what = "") const;
  /// The equation of the TCP octets, and nothing waiting when `nothing_waits`.
  void check_balance(bool nothing_waits = false);

  struct Message {
    Octets octets;
    Payload payload;   ///< its octets are dead
    bool in_datagram;  ///< not copied
  };

  std::uint64_t count(Outcome outcome) const { return outcomes[static_cast<std::size_t>(outcome)]; }

  Opener opener;
  Joiner joiner;
  Outcomes outcomes{};
  std::vector<Message> messages;
  util::Time now = util::from_seconds(1'700'000'000);
  std::uint64_t next_ordinal = 0;

 private:
  void take(std::span<const std::uint8_t> memory);
  std::vector<Payload> out_;
};

}  // namespace rata::decode::packets
