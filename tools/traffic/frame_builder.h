#pragma once

#include <cstdint>
#include <span>

#include "traffic/addresses.h"
#include "traffic/random.h"
#include "traffic/schedule.h"
#include "traffic/wire.h"

namespace rata::traffic {

/// Which way a frame goes.
enum class Direction { to_server, to_client };

/// TCP's flags (RFC 9293 section 3.1).
constexpr std::uint8_t tcp_fin = 1;
constexpr std::uint8_t tcp_syn = 2;
constexpr std::uint8_t tcp_rst = 4;
constexpr std::uint8_t tcp_psh = 8;
constexpr std::uint8_t tcp_ack = 16;

struct TcpSegment {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledged = 0;
  std::uint8_t flags = 0;
  std::uint32_t clock_ms = 0;  ///< for the timestamp option (RFC 7323)
  std::span<const std::uint8_t> data;
};

/// Builds Ethernet frames with right checksums. Frames to the server are padded to 60 octets, as a network card
/// delivers them; what the server sends is captured before the card pads it.
class FrameBuilder {
 public:
  explicit FrameBuilder(Random& random) : random_(random) {}

  void udp(Frame& frame, const Flow& flow, Direction direction, std::span<const std::uint8_t> payload);

  /// One datagram to an IPv4 client, of more than 1,480 octets, as two fragments.
  void udp_fragments(Frame& first, Frame& second, const Flow& flow, std::span<const std::uint8_t> payload);

  void tcp(Frame& frame, const Flow& flow, Direction direction, const TcpSegment& segment);

  /// A ping to the server or its answer, over IPv4.
  void icmp_echo(Frame& frame, const Flow& flow, Direction direction);

  /// "Port unreachable" from an IPv4 client that closed its socket, quoting the datagram with `payload` (RFC 792).
  void icmp_port_unreachable(Frame& frame, const Flow& flow, std::span<const std::uint8_t> payload);

  /// The router looks for an IPv4 address.
  static void arp_query(Frame& frame, const Address& wanted);

 private:
  struct IpFields {
    std::uint8_t protocol = 0;
    std::uint32_t payload_octets = 0;
    std::uint16_t identification = 0;  // IPv4
    std::uint32_t fragment = 0;        // IPv4: flags and offset
  };
  static std::uint32_t put_ip(Frame& frame, const Flow& flow, Direction direction, const IpFields& fields);

  Random& random_;
};

}  // namespace rata::traffic
