#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <string_view>

#include "capture/frame.h"
#include "decode/tunnel.h"
#include "util/address.h"
#include "util/pair_hash.h"

namespace rata::decode {

/// Which ports carry DNS.
class Ports {
 public:
  void set(std::uint16_t port) {
    if (all_.none() || port < first_) first_ = port;
    all_.set(port);
  }
  bool operator[](std::uint16_t port) const { return all_[port]; }
  /// Whether either of them does. Nearly always one is the first: only others cost a look into eight KiB, which would
  /// not stay in the first-level cache.
  bool either(std::uint16_t source, std::uint16_t destination) const {
    return source == first_ || destination == first_ || all_[source] || all_[destination];
  }
  /// The lowest; 0 when there is none.
  std::uint16_t first() const { return first_; }

 private:
  std::bitset<65536> all_;
  std::uint16_t first_ = 0;
};

/// What became of a frame, or of the datagram in it. Names appear in /metrics and in the balance.
enum class Outcome : std::uint8_t {
  decoded,  ///< gave DNS payload, or went into a stream or a datagram that may
  // Filtered: sound, but nothing that was asked for.
  not_ip,
  other_protocol,
  other_port,
  dns_in_icmp,  ///< an ICMP error that quotes a datagram from or to a DNS port
  encrypted,    ///< by the link layer
  no_message,   ///< a dnstap frame without DNS message
  // Refused: cannot be read.
  unknown_link_type,
  cut_link_header,
  bad_tunnel_header,
  too_deep,  ///< more layers or tunnels inside each other than anyone builds
  bad_ip_header,
  cut_by_capture,  ///< the snapshot length ends before the headers or the DNS payload do
  bad_udp_header,
  bad_tcp_header,
  bad_fragment,
  bad_record,  ///< a dnstap frame or Speedy record that cannot be read
  count_
};

enum class OutcomeClass { decoded, filtered, refused };
constexpr OutcomeClass class_of(Outcome outcome) {
  if (outcome == Outcome::decoded) return OutcomeClass::decoded;
  return outcome < Outcome::unknown_link_type ? OutcomeClass::filtered : OutcomeClass::refused;
}
/// "not_ip", "bad_udp_header"...
std::string_view name(Outcome outcome);
/// What it means, for docs/reference.
std::string_view help(Outcome outcome);

/// How many frames came to each outcome. Who holds the books counts; the parts of decode only answer.
using Outcomes = std::array<std::uint64_t, static_cast<std::size_t>(Outcome::count_)>;

/// An IP datagram, perhaps a fragment of one. Lifetime: the frame's octets, or the opener's memory when joined.
struct Datagram {
  util::Address source, destination;
  std::span<const std::uint8_t> payload;  ///< after all IP headers, without link-layer padding
  util::Time time;
  std::uint64_t ordinal = 0;
  std::uint32_t fragment_id = 0;
  std::uint32_t fragment_offset = 0;  ///< octets
  std::uint16_t input = 0;            ///< of the frame: capture::Frame::input
  std::uint8_t protocol = 0;          ///< 6 TCP, 17 UDP
  bool fragment = false;
  bool more_fragments = false;
  bool cut = false;     ///< the capture holds less of the payload than the IP header says
  bool joined = false;  ///< it, or a datagram around it, came in fragments
};

/// Strips link layers down to the first IP datagram; of `tunnels`, those between link and IP matter here. Pure: no
/// state, no allocation. Returns `decoded` and fills `datagram`, or says why not.
Outcome open_frame(const capture::Frame& frame, Datagram& datagram, const TunnelSet& tunnels = {}) noexcept;

/// How many frames before `open_frame` to `prefetch`.
inline constexpr std::size_t frames_ahead = 6;

/// Fetches the headers of a frame that will be opened soon: a batch lies in the second-level cache, and waiting for it
/// there costs 10 ns a frame (measured).
inline void prefetch(const capture::Frame& frame) noexcept {
  constexpr std::size_t cache_line_octets = 64;
  __builtin_prefetch(frame.octets.data());
  if (frame.octets.size() > cache_line_octets) __builtin_prefetch(frame.octets.data() + cache_line_octets);
}

/// Which shard a datagram belongs to.
using util::pair_hash;

}  // namespace rata::decode
