#include "decode/tunnels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "decode/opener.h"
#include "packets.h"

namespace rata::decode {
namespace {

using capture::LinkType;
using packets::behind;
using packets::hex;
using packets::Octets;

const Octets message = packets::dns("www");
const Octets segment = packets::udp(40000, 53, message);
/// The innermost datagram comes from other addresses than those around it.
Octets inner4() {
  Octets octets = packets::ipv4(17, segment);
  octets[15] = 77;
  return octets;
}
Octets inner6() {
  Octets octets = packets::ipv6(17, segment);
  octets[23] = 77;
  return octets;
}
const Octets four = inner4(), six = inner6();

Octets gre(std::string_view header, const Octets& payload, bool v6 = false) {
  const Octets octets = behind(header, payload);
  return v6 ? packets::ipv6(47, octets) : packets::ipv4(47, octets);
}

Octets over_udp(std::uint16_t port, std::string_view header, const Octets& payload, std::uint16_t source = 50000) {
  return packets::ipv4(17, packets::udp(source, port, behind(header, payload)));
}

std::string gtp(std::size_t octets, const char* first, const char* rest) {
  char length[5];
  std::snprintf(length, sizeof length, "%04zx", octets);
  return std::string(first) + length + "00000001" + rest;
}

struct Case {
  const char* what;
  Tunnel tunnel;
  bool v6;
  Octets octets;
};

std::vector<Case> all_cases() {
  const Octets ethernet4 = packets::ethernet(0x0800, four), ethernet6 = packets::ethernet(0x86dd, six);
  return {
      {"GRE", Tunnel::gre, false, gre("0000 0800", four)},
      {"GRE over IPv6", Tunnel::gre, false, gre("0000 0800", four, true)},
      {"GRE with checksum, key and sequence", Tunnel::gre, true, gre("b000 86dd 00000000 00000001 00000002", six)},
      {"GRE with a route", Tunnel::gre, false, gre("4000 0800 00000000 0800 00 04 c0000201 0000 00 00", four)},
      {"GRE with Ethernet", Tunnel::gre, true, gre("2000 6558 00000001", ethernet6)},
      {"GRE with MPLS", Tunnel::gre, false, gre("0000 8847 00012140", four)},
      {"ERSPAN type I", Tunnel::gre, false, gre("0000 88be", ethernet4)},
      {"ERSPAN type II", Tunnel::gre, false, gre("1000 88be 00000001 1000000000000000", ethernet4)},
      {"ERSPAN type III", Tunnel::gre, true, gre("1000 22eb 00000001 20000000 00000000 00000000", ethernet6)},
      {"ERSPAN type III with another header", Tunnel::gre, true,
       gre("1000 22eb 00000001 20000000 00000000 00000001 0000000000000000", ethernet6)},
      {"PPTP", Tunnel::gre, false, gre("3081 880b 00000001 00000002 00000003 ff03 0021", four)},
      {"PPTP without acknowledgement", Tunnel::gre, false, gre("3001 880b 00000001 00000002 21", four)},
      {"IPv4 in IPv4", Tunnel::ipip, false, packets::ipv4(4, four)},
      {"IPv4 in IPv6", Tunnel::ipip, false, packets::ipv6(4, four)},
      {"IPv6 in IPv4", Tunnel::six_in_four, true, packets::ipv4(41, six)},
      {"IPv6 in IPv6 behind an extension header", Tunnel::six_in_four, true,
       packets::ipv6(60, packets::extension(41, six))},
      {"MPLS in IPv4", Tunnel::mpls, true, packets::ipv4(137, behind("00012140", six))},
      {"VXLAN", Tunnel::vxlan, false, over_udp(4789, "08000000 00000100", ethernet4)},
      {"VXLAN with a group policy", Tunnel::vxlan, true, over_udp(4789, "88000001 00000100", ethernet6)},
      {"VXLAN where Linux had it", Tunnel::vxlan, false, over_udp(8472, "08000000 00000100", ethernet4)},
      {"VXLAN with a VLAN inside", Tunnel::vxlan, false,
       over_udp(4789, "08000000 00000100 020202020202 020202020202 8100 0001 0800", four)},
      {"Geneve with Ethernet and options", Tunnel::geneve, true,
       over_udp(6081, "0240 6558 00000100 0000000000000000", ethernet6)},
      {"Geneve with IPv4", Tunnel::geneve, false, over_udp(6081, "0000 0800 00000100", four)},
      {"GTP", Tunnel::gtp, false, over_udp(2152, gtp(four.size(), "30ff", ""), four, 2152)},
      {"GTP with a sequence number", Tunnel::gtp, true, over_udp(2152, gtp(4 + six.size(), "32ff", "00010000"), six)},
      {"GTP with extension headers", Tunnel::gtp, false,
       over_udp(2152, gtp(16 + four.size(), "34ff", "000000c0 01 0000 85 02 000000000000 00"), four)},
      {"GTP answered from its port", Tunnel::gtp, false, over_udp(1024, gtp(four.size(), "30ff", ""), four, 2152)},
  };
}

Ports dns_port() {
  Ports ports;
  ports.set(53);
  return ports;
}

/// Opens raw IP and says what became of it, with what a joiner says when it came whole.
struct Opened {
  explicit Opened(const Octets& octets, const TunnelSet& tunnels = {}, std::uint32_t cut = 0)
      : opener({.ports = dns_port(), .tunnels = tunnels, .fragments = {}}), joiner(dns_port()) {
    add(octets, cut);
  }
  Outcome add(std::span<const std::uint8_t> octets, std::uint32_t cut = 0) {
    capture::Frame frame;
    frame.octets = octets;
    frame.original_length = static_cast<std::uint32_t>(octets.size() + cut);
    frame.link = LinkType::Raw;
    frame.ordinal = frames++;
    bool whole = false;
    payloads.clear();
    outcome = opener.open(frame, datagram, whole);
    if (whole) outcome = joiner.add(datagram, payloads);
    return outcome;
  }

  Opener opener;
  Joiner joiner;
  Datagram datagram;
  std::vector<Payload> payloads;
  Outcome outcome = Outcome::decoded;
  std::uint64_t frames = 0;
};

void expect_message(const Opened& opened, bool v6, const char* what) {
  EXPECT_EQ(opened.outcome, Outcome::decoded) << what;
  ASSERT_EQ(opened.payloads.size(), 1u) << what;
  EXPECT_TRUE(std::ranges::equal(opened.payloads[0].octets, message)) << what;
  EXPECT_EQ(opened.payloads[0].source.v6, v6) << what;
  EXPECT_EQ(opened.payloads[0].source.octets[v6 ? 15 : 3], 77) << what << ": the innermost addresses count";
}

TEST(Tunnels, OfEveryKindAreLookedInto) {
  for (const Case& one : all_cases()) expect_message(Opened(one.octets), one.v6, one.what);
}

TEST(Tunnels, CanBeSwitchedOffOneByOne) {
  for (const Case& one : all_cases()) {
    TunnelSet without;
    without.remove(one.tunnel);
    const Outcome expected = known_by_port(one.tunnel) ? Outcome::other_port : Outcome::other_protocol;
    EXPECT_EQ(Opened(one.octets, without).outcome, expected) << one.what;
    TunnelSet others;
    for (unsigned i = 0; i < static_cast<unsigned>(Tunnel::count_); ++i)
      if (static_cast<Tunnel>(i) != one.tunnel) others.remove(static_cast<Tunnel>(i));
    if (one.what != std::string("GRE with MPLS")) expect_message(Opened(one.octets, others), one.v6, one.what);
  }
}

TEST(Tunnels, CutAtEveryOctetGiveNothingAndNeverReadBeyond) {
  for (const Case& one : all_cases()) {
    for (std::size_t size = 0; size + 1 < one.octets.size(); ++size) {
      const auto memory = std::make_unique<std::uint8_t[]>(size);
      std::copy_n(one.octets.begin(), size, memory.get());
      for (const std::uint32_t cut : {0u, 40u}) {
        Opened opened({}, {});
        const Outcome outcome = opened.add({memory.get(), size}, cut);
        EXPECT_TRUE(opened.payloads.empty()) << one.what << " " << size;
        EXPECT_FALSE(name(outcome).empty());
      }
    }
  }
}

TEST(Tunnels, AnswersWhatIsInsideWhenThatIsNoDns) {
  const struct {
    const char* what;
    Octets octets;
    Outcome outcome;
  } cases[] = {
      {"another port in GRE", gre("0000 0800", packets::ipv4(17, packets::udp(40000, 443, message))),
       Outcome::other_port},
      {"another protocol in IPv4", packets::ipv4(4, packets::ipv4(89, segment)), Outcome::other_protocol},
      {"ARP in VXLAN", over_udp(4789, "08000000 00000100", packets::ethernet(0x0806, Octets(28))), Outcome::not_ip},
      {"a keepalive of GRE", gre("0000 0000", {}), Outcome::not_ip},
      {"an acknowledgement of PPTP", gre("2081 880b 00000001 00000003", {}), Outcome::not_ip},
      {"GRE of a version yet to come", gre("0002 0800", four), Outcome::not_ip},
      {"GRE that ends in its header", gre("b000 0800 0000", {}), Outcome::bad_tunnel_header},
      {"a route of GRE without end", gre("4000 0800 00000000 0800 00 ff", Octets(20)), Outcome::bad_tunnel_header},
      {"no IPv4 in IPv4", packets::ipv4(4, segment), Outcome::bad_ip_header},
      {"a bad UDP header inside", packets::ipv4(4, packets::ipv4(17, hex("9c40 0035 0004 0000"))),
       Outcome::bad_udp_header},
  };
  for (const auto& one : cases) EXPECT_EQ(Opened(one.octets).outcome, one.outcome) << one.what;
}

TEST(Tunnels, APortAloneProvesNothing) {
  const struct {
    const char* what;
    Octets octets;
  } cases[] = {
      {"VXLAN without its flag", over_udp(4789, "00000000 00000100", packets::ethernet(0x0800, four))},
      {"VXLAN of a broken datagram", over_udp(4789, "08000000 00000100", packets::ethernet(0x0800, Octets(40)))},
      {"Geneve of another version", over_udp(6081, "4000 0800 00000100", four)},
      {"Geneve shorter than its options", over_udp(6081, "3f00 0800 00000100", four)},
      {"GTP that is an echo", over_udp(2152, gtp(4, "3201", "00010000"), {})},
      {"GTP of another version", over_udp(2152, gtp(four.size(), "50ff", ""), four)},
      {"GTP with an extension of length zero", over_udp(2152, gtp(4 + four.size(), "34ff", "000000c0"), Octets(40))},
      {"four octets", over_udp(4789, "08000000", {})},
      {"nothing", over_udp(2152, "", {})},
  };
  for (const auto& one : cases) EXPECT_EQ(Opened(one.octets).outcome, Outcome::other_port) << one.what;
}

TEST(Tunnels, DnsWinsOverATunnelsPort) {
  const Octets octets =
      packets::ipv4(17, packets::udp(53, 4789, behind("08000000 00000100", packets::ethernet(0x0800, four))));
  Opened opened(octets);
  ASSERT_EQ(opened.payloads.size(), 1u);
  EXPECT_EQ(opened.payloads[0].source_port, 53);
  EXPECT_EQ(opened.payloads[0].octets.size(), octets.size() - 28);
}

TEST(Tunnels, NestUpToABound) {
  Octets octets = four;
  for (int depth = 1; depth <= Opener::max_tunnels; ++depth) {
    octets = depth % 2 == 0 ? packets::ipv4(4, octets) : gre("0000 0800", octets);
    expect_message(Opened(octets), false, "nested");
  }
  EXPECT_EQ(Opened(packets::ipv4(4, octets)).outcome, Outcome::too_deep);
  for (int i = 0; i < 200; ++i) octets = packets::ipv4(4, octets);
  EXPECT_EQ(Opened(octets).outcome, Outcome::too_deep);
}

/// Fragments of `packet`, an IPv4 datagram without options: its first `cut` octets of payload, and the rest.
std::pair<Octets, Octets> halves(const Octets& packet, std::size_t cut) {
  Octets first = packets::part(packet, 0, 20 + cut), last = packets::part(packet, 20 + cut, packet.size());
  last = packets::joined({packets::part(packet, 0, 20), last});
  const auto set = [](Octets& octets, std::size_t fragment) {
    octets[2] = static_cast<std::uint8_t>(octets.size() >> 8);
    octets[3] = static_cast<std::uint8_t>(octets.size());
    octets[6] = static_cast<std::uint8_t>(fragment >> 8);
    octets[7] = static_cast<std::uint8_t>(fragment);
  };
  set(first, 0x2000);
  set(last, cut / 8);
  return {first, last};
}

TEST(Tunnels, JoinFragmentsOutsideAndInside) {
  for (const Case& one : all_cases()) {
    if (one.octets[0] >> 4 != 4) continue;
    const auto [first, last] = halves(one.octets, 24);
    Opened opened(last);
    EXPECT_EQ(opened.outcome, Outcome::decoded) << one.what;
    EXPECT_TRUE(opened.payloads.empty()) << one.what;
    opened.add(first);
    expect_message(opened, one.v6, one.what);
    EXPECT_EQ(opened.opener.counters().datagrams_joined, 1u);
  }
  const auto [first, last] = halves(four, 16);
  const Octets frames[] = {gre("0000 0800", first), gre("0000 0800", last)};
  Opened inside(frames[0]);
  inside.add(frames[1]);
  expect_message(inside, false, "inside");
  // Both at once: the second half of the inner datagram comes in two halves itself.
  const auto [left, right] = halves(frames[1], 24);
  Opened both(frames[0]);
  EXPECT_EQ(both.add(right), Outcome::decoded);
  EXPECT_EQ(both.add(left), Outcome::decoded);
  expect_message(both, false, "inside and outside");
  EXPECT_EQ(both.opener.counters().datagrams_joined, 2u);
}

TEST(Tunnels, WhatWasJoinedCountsAsDecodedWhateverIsInIt) {
  const auto [first, last] = halves(gre("0000 0800", packets::ipv4(17, packets::udp(40000, 443, message))), 24);
  Opened opened(first);
  EXPECT_EQ(opened.add(last), Outcome::decoded);
  const auto [one, two] = halves(gre("0000 0806", Octets(64)), 24);
  Opened other(one);
  EXPECT_EQ(other.add(two), Outcome::decoded);
}

TEST(Tunnels, FragmentsOfClosedOnesAreNotKept) {
  TunnelSet closed;
  closed.remove_all();
  const auto [first, last] = halves(gre("0000 0800", four), 24);
  Opened opened(first, closed);
  EXPECT_EQ(opened.outcome, Outcome::other_protocol);
  EXPECT_EQ(opened.add(last), Outcome::other_protocol);
  EXPECT_EQ(opened.opener.counters().fragments, 0u);
}

TEST(Tunnels, HaveNames) {
  EXPECT_EQ(tunnel_names().size(), static_cast<std::size_t>(Tunnel::count_));
  for (std::size_t i = 0; i < tunnel_names().size(); ++i)
    EXPECT_EQ(tunnel_named(tunnel_names()[i]), static_cast<Tunnel>(i));
  EXPECT_EQ(tunnel_named("6in4"), Tunnel::six_in_four);
  EXPECT_FALSE(tunnel_named("l2tp"));
}

TEST(Icmp, ErrorsThatQuoteDnsCountApart) {
  const auto icmp = [](const char* header, const Octets& quoted) { return packets::ipv4(1, behind(header, quoted)); };
  const auto icmpv6 = [](const char* header, const Octets& quoted) {
    return packets::ipv6(58, behind(header, quoted));
  };
  const Octets quoted6 = packets::ipv6(60, packets::extension(17, segment));
  const Octets tcp = packets::ipv4(6, hex("0035 9c40 00000001"));
  const struct {
    const char* what;
    Octets octets;
    Outcome outcome;
  } cases[] = {
      {"port unreachable", icmp("0303 0000 00000000", four), Outcome::dns_in_icmp},
      {"time exceeded, eight octets of UDP", icmp("0b00 0000 00000000", packets::part(four, 0, 28)),
       Outcome::dns_in_icmp},
      {"fragmentation needed, TCP", icmp("0304 0000 00000500", tcp), Outcome::dns_in_icmp},
      {"packet too big", icmpv6("0200 0000 00000500", six), Outcome::dns_in_icmp},
      {"behind an extension header", icmpv6("0104 0000 00000000", quoted6), Outcome::dns_in_icmp},
      {"in a tunnel", gre("0000 0800", icmp("0303 0000 00000000", four)), Outcome::dns_in_icmp},
      {"another port", icmp("0303 0000 00000000", packets::ipv4(17, packets::udp(40000, 443, message))),
       Outcome::other_protocol},
      {"a later fragment", icmp("0303 0000 00000000", packets::ipv4(17, segment, 0, 5)), Outcome::other_protocol},
      {"an echo", icmp("0800 0000 00000000", four), Outcome::other_protocol},
      {"an echo of ICMPv6", icmpv6("8000 0000 00000000", six), Outcome::other_protocol},
      {"ports cut off", icmp("0303 0000 00000000", packets::part(four, 0, 23)), Outcome::other_protocol},
      {"nothing quoted", icmp("0303 0000", {}), Outcome::other_protocol},
  };
  for (const auto& one : cases) {
    Opened opened(one.octets);
    EXPECT_EQ(opened.outcome, one.outcome) << one.what;
    EXPECT_TRUE(opened.payloads.empty()) << one.what;
  }
}

}  // namespace
}  // namespace rata::decode
