#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "capture/envelope.h"
#include "util/time.h"

namespace rata::capture {

/// What the first octets of a frame are. Open enum: the LINKTYPE_ numbers of pcap files, others are carried along.
enum class LinkType : std::uint32_t {
  Null = 0,
  Ethernet = 1,
  TokenRing = 6,
  Arcnet = 7,
  Ppp = 9,
  Fddi = 10,
  RawBsd = 12,
  RawOpenBsd = 14,
  PppHdlc = 50,
  PppOverEthernet = 51,
  Raw = 101,
  CiscoHdlc = 104,
  Wifi = 105,
  Loop = 108,
  LinuxSll = 113,
  WifiPrism = 119,
  WifiRadiotap = 127,
  ArcnetLinux = 129,
  User2 = 149,
  WifiAvs = 163,
  Ppi = 192,
  PppWithDirection = 204,
  Ipv4 = 228,
  Ipv6 = 229,
  Nflog = 239,
  Pktap = 258,
  LinuxSll2 = 276,
  // Ours: no frames but DNS messages, each with an Envelope. The formats have 16 bits for the number: no file has
  // these.
  Dnstap = 0x10001,
  Speedy = 0x10002,
};

/// One captured frame, or one DNS message. Lifetime: `octets` and `envelope` until the source's next read.
struct Frame {
  std::span<const std::uint8_t> octets;
  util::Time time;
  std::uint64_t ordinal = 0;          ///< position in the input, from 0
  std::uint32_t original_length = 0;  ///< on the wire; more than octets.size() when the capture cut it
  LinkType link = LinkType::Ethernet;
  std::uint16_t input = 0;             ///< which of several inputs read as one it came from, in the order given
  const Envelope* envelope = nullptr;  ///< the octets are a DNS message, and this says the rest
};

}  // namespace rata::capture
