#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/config.h"

namespace rata::pipeline {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets operator+(Octets left, const Octets& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Octets hex(std::string_view digits) {
  Octets octets;
  std::string pair;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    pair += digit;
    if (pair.size() < 2) continue;
    octets.push_back(static_cast<std::uint8_t>(std::stoi(pair, nullptr, 16)));
    pair.clear();
  }
  return octets;
}

Octets ports(unsigned source, unsigned destination) {
  return {static_cast<std::uint8_t>(source >> 8), static_cast<std::uint8_t>(source),
          static_cast<std::uint8_t>(destination >> 8), static_cast<std::uint8_t>(destination)};
}
Octets udp(unsigned source, unsigned destination) { return ports(source, destination) + hex("0028 0000") + Octets(32); }
Octets tcp(unsigned source, unsigned destination) { return ports(source, destination) + Octets(36); }
Octets ipv4(std::uint8_t protocol, const Octets& payload, const char* fragment = "4000") {
  return hex("4500 0054 0001") + hex(fragment) + Octets{64, protocol} + hex("0000 c0000201 c6336435") + payload;
}
Octets ipv6(std::uint8_t next, const Octets& payload) {
  return hex("60000000 0028") + Octets{next, 64} + hex("20010db8000000000000000000000001") +
         hex("20010db8000000000000000000000053") + payload;
}
Octets ethernet(const char* type, const Octets& payload) { return Octets(12, 2) + hex(type) + payload; }

/// A filter compiled for a link layer, as the kernel would run it.
class Filter {
 public:
  Filter(int data_link, const std::string& text) {
    pcap_t* handle = pcap_open_dead(data_link, 65535);
    good_ = pcap_compile(handle, &program_, text.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0;
    EXPECT_TRUE(good_) << pcap_geterr(handle) << ": " << text;
    pcap_close(handle);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  ~Filter() {
    if (good_) pcap_freecode(&program_);
  }
  bool passes(const Octets& frame) const {
    pcap_pkthdr header{};
    header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
    return good_ && pcap_offline_filter(&program_, &header, frame.data()) != 0;
  }
  unsigned instructions() const { return program_.bf_len; }

 private:
  bpf_program program_{};
  bool good_ = false;
};

struct Case {
  const char* what;
  Octets packet;  ///< IP
  const char* type;
};

std::vector<Case> wanted() {
  return {
      {"UDP", ipv4(17, udp(40000, 53)), "0800"},
      {"a response over TCP", ipv4(6, tcp(53, 40000)), "0800"},
      {"the second port", ipv4(17, udp(40000, 5353)), "0800"},
      {"IPv6", ipv6(17, udp(40000, 53)), "86dd"},
      {"TCP over IPv6", ipv6(6, tcp(40000, 53)), "86dd"},
      {"a later fragment", ipv4(17, Octets(40), "0010"), "0800"},
      {"a fragment of IPv6", ipv6(44, Octets(40)), "86dd"},
      {"hop-by-hop options", ipv6(0, hex("1100000000000000") + udp(40000, 53)), "86dd"},
      {"destination options", ipv6(60, hex("1100000000000000") + udp(40000, 53)), "86dd"},
      {"an ICMP error", ipv4(1, hex("0303000000000000") + ipv4(17, udp(40000, 53))), "0800"},
      {"an ICMPv6 error", ipv6(58, hex("0104000000000000") + ipv6(17, udp(40000, 53))), "86dd"},
  };
}

std::vector<std::pair<decode::Tunnel, Case>> tunnelled() {
  using decode::Tunnel;
  const Octets inner4 = ipv4(17, udp(40000, 53)), inner6 = ipv6(17, udp(40000, 53));
  return {
      {Tunnel::gre, {"GRE", ipv4(47, hex("00000800") + inner4), "0800"}},
      {Tunnel::gre, {"GRE over IPv6", ipv6(47, hex("000086dd") + inner6), "86dd"}},
      {Tunnel::ipip, {"IPv4 in IPv4", ipv4(4, inner4), "0800"}},
      {Tunnel::ipip, {"IPv4 in IPv6", ipv6(4, inner4), "86dd"}},
      {Tunnel::six_in_four, {"IPv6 in IPv4", ipv4(41, inner6), "0800"}},
      {Tunnel::six_in_four, {"IPv6 in IPv6", ipv6(41, inner6), "86dd"}},
      {Tunnel::vxlan, {"VXLAN", ipv4(17, udp(50000, 4789)), "0800"}},
      {Tunnel::vxlan, {"VXLAN over IPv6", ipv6(17, udp(50000, 8472)), "86dd"}},
      {Tunnel::geneve, {"Geneve", ipv4(17, udp(50000, 6081)), "0800"}},
      {Tunnel::gtp, {"GTP", ipv4(17, udp(2152, 2152)), "0800"}},
      {Tunnel::gtp, {"GTP answered from its port", ipv6(17, udp(2152, 1024)), "86dd"}},
      {Tunnel::mpls, {"MPLS", hex("00012140") + inner4, "8847"}},
      {Tunnel::mpls, {"multicast MPLS", hex("00012140") + inner6, "8848"}},
      {Tunnel::mpls, {"MPLS in IPv4", ipv4(137, hex("00012140") + inner4), "0800"}},
      {Tunnel::pppoe, {"PPPoE", hex("1100000100560021") + inner4, "8864"}},
  };
}

std::vector<Case> unwanted() {
  return {
      {"HTTPS", ipv4(6, tcp(40000, 443)), "0800"},
      {"HTTPS over IPv6", ipv6(6, tcp(443, 40000)), "86dd"},
      {"QUIC", ipv4(17, udp(40000, 443)), "0800"},
      {"QUIC over IPv6", ipv6(17, udp(443, 40000)), "86dd"},
      {"an echo", ipv4(1, hex("0800000000000000") + Octets(40)), "0800"},
      {"an echo of ICMPv6", ipv6(58, hex("8000000000000000") + Octets(40)), "86dd"},
      {"ARP", hex("0001080006040001") + Octets(20), "0806"},
  };
}

Config two_ports() {
  Config config;
  config.ports = {53, 5353};
  return config;
}

TEST(DefaultFilter, LetsThroughWhatCouldCountAndNothingOrdinaryAlsoInVlans) {
  const Filter filter(DLT_EN10MB, default_filter(two_ports()).ethernet);
  EXPECT_LT(filter.instructions(), 4096u) << "BPF_MAXINSNS: what the kernel takes";
  std::vector<Case> pass = wanted(), drop = unwanted();
  for (const auto& [tunnel, one] : tunnelled()) pass.push_back(one);
  for (const char* tags : {"", "8100 0001", "88a8 0001 8100 0002"}) {
    const auto framed = [&](const Case& one) { return Octets(12, 2) + hex(tags) + hex(one.type) + one.packet; };
    for (const Case& one : pass) EXPECT_TRUE(filter.passes(framed(one))) << tags << " " << one.what;
    for (const Case& one : drop) EXPECT_FALSE(filter.passes(framed(one))) << tags << " " << one.what;
    const Octets snap = Octets(12, 2) + hex(tags) + hex("0060 aaaa03 000000 0800") + ipv4(17, udp(40000, 53));
    EXPECT_TRUE(filter.passes(snap)) << tags;
  }
  EXPECT_TRUE(filter.passes(Octets(12, 2) + hex("88a8 0001 88a8 0002 8100 0003 0800") + ipv4(17, udp(40000, 53))));
}

TEST(DefaultFilter, LeavesOutTunnelsThatAreSwitchedOff) {
  for (const auto& [tunnel, one] : tunnelled()) {
    Config config = two_ports();
    config.tunnels.remove(tunnel);
    EXPECT_FALSE(Filter(DLT_EN10MB, default_filter(config).ethernet).passes(ethernet(one.type, one.packet)))
        << one.what;
  }
  Config none = two_ports();
  none.tunnels.remove_all();
  const Filter filter(DLT_EN10MB, default_filter(none).ethernet);
  for (const Case& one : wanted()) EXPECT_TRUE(filter.passes(ethernet(one.type, one.packet))) << one.what;
}

TEST(DefaultFilter, CanBeAskedOfOtherLinkLayers) {
  const std::string text = default_filter(two_ports()).other;
  const Filter raw(DLT_RAW, text), null(DLT_NULL, text), loop(DLT_LOOP, text), cooked(DLT_LINUX_SLL, text),
      cooked2(DLT_LINUX_SLL2, text), ppp(DLT_PPP, text);
  const auto check = [&](const Case& one, bool passes) {
    const bool v6 = std::string_view(one.type) == "86dd";
    if (one.type[0] != '0' && !v6) return;  // no IP
    EXPECT_EQ(raw.passes(one.packet), passes) << "raw: " << one.what;
    EXPECT_EQ(loop.passes(hex(v6 ? "0000000a" : "00000002") + one.packet), passes) << "loop: " << one.what;
    EXPECT_EQ(cooked.passes(Octets(14) + hex(one.type) + one.packet), passes) << "cooked: " << one.what;
    EXPECT_EQ(cooked2.passes(hex(one.type) + Octets(18) + one.packet), passes) << "cooked 2: " << one.what;
    EXPECT_EQ(ppp.passes(hex(v6 ? "ff030057" : "ff030021") + one.packet), passes) << "PPP: " << one.what;
  };
  for (const Case& one : wanted()) check(one, true);
  for (const auto& [tunnel, one] : tunnelled()) check(one, true);
  for (const Case& one : unwanted())
    if (std::string_view(one.what) != "ARP") check(one, false);
}

}  // namespace
}  // namespace rata::pipeline
