#include "decode/link_layers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "packets.h"

namespace rata::decode {
namespace {

using capture::LinkType;
using packets::behind;
using packets::hex;
using packets::Octets;

const Octets segment = packets::udp(40000, 53, packets::dns("www"));
const Octets four = packets::ipv4(17, segment), six = packets::ipv6(17, segment);

struct Case {
  const char* what;
  LinkType link;
  bool v6;
  Octets octets;
};

std::string snap(const char* type) { return std::string("aaaa03 000000 ") + type; }

/// 802.11 data frames, up to the LLC header.
const std::string to_station = "0802 2c00 020202020202 020202020202 020202020202 1000";
const std::string with_qos = "8801 2c00 020202020202 020202020202 020202020202 1000 0000";

std::string length_text(std::size_t number, bool little) {
  char text[5];
  if (little) number = __builtin_bswap16(static_cast<std::uint16_t>(number));
  std::snprintf(text, sizeof text, "%04zx", number);
  return text;
}

std::string zeros(std::size_t octets) { return std::string(2 * octets, '0'); }

/// Length 108, a packet, what link layer; the rest does not matter.
std::string pktap(const char* link) { return std::string("6c000000 01000000 ") + link + zeros(96); }

std::vector<Case> all_cases() {
  const Octets ethernet4 = packets::ethernet(0x0800, four), ethernet6 = packets::ethernet(0x86dd, six);
  return {
      {"IP's own SAP", LinkType::Ethernet, false, behind("020202020202 020202020202 0060 060603", four)},
      {"SNAP of a bridge", LinkType::Ethernet, true, behind("020202020202 020202020202 0060 aaaa03 0000f8 86dd", six)},
      {"SLL2 with LLC", LinkType::LinuxSll2, false, behind("0004" + zeros(18) + snap("0800"), four)},
      {"PPP", LinkType::Ppp, false, behind("ff03 0021", four)},
      {"PPP, everything compressed", LinkType::Ppp, true, behind("57", six)},
      {"PPP that is Cisco HDLC", LinkType::PppHdlc, false, behind("0f00 0800", four)},
      {"PPP in HDLC", LinkType::PppHdlc, true, behind("ff03 0057", six)},
      {"PPP with MPLS", LinkType::Ppp, false, behind("ff03 0281 00012140", four)},
      {"PPP of Ethernet", LinkType::PppOverEthernet, false,
       behind("1100 0001" + length_text(four.size() + 2, false) + "0021", four)},
      {"PPP with a direction", LinkType::PppWithDirection, true, behind("00 ff03 0057", six)},
      {"Cisco HDLC", LinkType::CiscoHdlc, true, behind("8f00 86dd", six)},
      {"Wi-Fi", LinkType::Wifi, false, behind(to_station + snap("0800"), four)},
      {"Wi-Fi with quality of service", LinkType::Wifi, true, behind(with_qos + snap("86dd"), six)},
      {"Wi-Fi with HT control", LinkType::Wifi, false,
       behind("8881 2c00 020202020202 020202020202 020202020202 1000 0000 00000000" + snap("0800"), four)},
      {"Wi-Fi with four addresses", LinkType::Wifi, false,
       behind("8803 2c00 020202020202 020202020202 020202020202 1000 020202020202 0000" + snap("0800"), four)},
      {"Wi-Fi A-MSDU", LinkType::Wifi, false,
       behind("8801 2c00 020202020202 020202020202 020202020202 1000 8000 020202020202 020202020202" +
                  length_text(8 + four.size(), false) + snap("0800"),
              four)},
      {"radiotap", LinkType::WifiRadiotap, true, behind("0000 0800 00000000" + with_qos + snap("86dd"), six)},
      {"radiotap that says padded", LinkType::WifiRadiotap, false,
       behind("0000 1200 03000000 0000000000000000 20 00" + with_qos + "0000" + snap("0800"), four)},
      {"radiotap with two words", LinkType::WifiRadiotap, false,
       behind("0000 0e00 02000080 00000000 20 00" + with_qos + "0000" + snap("0800"), four)},
      {"Prism", LinkType::WifiPrism, false, behind("44000000 90000000" + zeros(136) + to_station + snap("0800"), four)},
      {"AVS under the number of Prism", LinkType::WifiPrism, false,
       behind("80211001 00000040" + zeros(56) + to_station + snap("0800"), four)},
      {"AVS", LinkType::WifiAvs, true, behind("80211001 00000040" + zeros(56) + to_station + snap("86dd"), six)},
      {"PPI before Wi-Fi", LinkType::Ppi, false,
       behind("0000 0c00 69000000 00000000" + to_station + snap("0800"), four)},
      {"NFLOG, little-endian", LinkType::Nflog, false,
       behind("02 00 0000 0800 0100 08000100 0500 0a00 61000000" + length_text(4 + four.size(), true) + "0900", four)},
      {"NFLOG, big-endian", LinkType::Nflog, true,
       behind("0a 00 0000 0008 0001 86dd0100" + length_text(4 + six.size(), false) + "0009", six)},
      {"ARCNET, RFC 1051", LinkType::Arcnet, false, behind("0102 f0", four)},
      {"ARCNET, RFC 1201", LinkType::Arcnet, false, behind("0102 d4 00 0001", four)},
      {"ARCNET, exception packet", LinkType::Arcnet, true, behind("0102 c4 ff 0000 c4 00 0001", six)},
      {"ARCNET of Linux, RFC 1051", LinkType::ArcnetLinux, false, behind("0102 0000 f0", four)},
      {"ARCNET of Linux, RFC 1201", LinkType::ArcnetLinux, true, behind("0102 0000 c4 00 0001", six)},
      {"FDDI", LinkType::Fddi, false, behind("50 020202020202 020202020202" + snap("0800"), four)},
      {"Token Ring", LinkType::TokenRing, true, behind("10 40 020202020202 020202020202" + snap("86dd"), six)},
      {"Token Ring with a route", LinkType::TokenRing, false,
       behind("10 40 020202020202 820202020202 0630 0001 0010" + snap("0800"), four)},
      {"PKTAP", LinkType::Pktap, false, behind(pktap("01000000"), ethernet4)},
      {"PKTAP of a raw interface", LinkType::Pktap, true, behind(pktap("0c000000"), six)},
      {"PKTAP before it had a number", LinkType::User2, true, behind(pktap("01000000"), ethernet6)},
      {"PPPoE", LinkType::Ethernet, false,
       packets::ethernet(0x8864, behind("1100 0001" + length_text(four.size() + 2, false) + "0021", four))},
      {"PPPoE in two VLANs", LinkType::Ethernet, true,
       behind(
           "020202020202 020202020202 88a8 0064 8100 0065 8864 1100 0001" + length_text(six.size() + 2, false) + "0057",
           six)},
      {"MPLS", LinkType::Ethernet, false, packets::ethernet(0x8847, behind("00012140", four))},
      {"MPLS, three labels", LinkType::Ethernet, true,
       packets::ethernet(0x8848, behind("00010040 00011040 00012140", six))},
      {"Ethernet in MPLS with a control word", LinkType::Ethernet, false,
       packets::ethernet(0x8847, behind("00012140 00000000", ethernet4))},
      {"Ethernet in MPLS without one", LinkType::Ethernet, true,
       packets::ethernet(0x8847, behind("00012140", ethernet6))},
      {"MPLS in MPLS in Ethernet", LinkType::Ethernet, false,
       packets::ethernet(0x8847, behind("00012140", packets::ethernet(0x8847, behind("00012140", four))))},
  };
}

capture::Frame frame_of(std::span<const std::uint8_t> octets, LinkType link) {
  capture::Frame frame;
  frame.octets = octets;
  frame.original_length = static_cast<std::uint32_t>(octets.size());
  frame.link = link;
  return frame;
}

TEST(LinkLayers, OfEveryKindLeadToTheDatagram) {
  for (const Case& one : all_cases()) {
    Datagram datagram;
    ASSERT_EQ(open_frame(frame_of(one.octets, one.link), datagram), Outcome::decoded) << one.what;
    EXPECT_TRUE(std::ranges::equal(datagram.payload, segment)) << one.what;
    EXPECT_EQ(datagram.source, packets::client(one.v6)) << one.what;
    EXPECT_FALSE(datagram.cut || datagram.fragment) << one.what;
  }
}

/// Every prefix in memory that ends where it does, so that a sanitizer sees an octet read beyond it.
TEST(LinkLayers, CutAtEveryOctetNameAnOutcomeAndNeverReadBeyond) {
  for (const Case& one : all_cases()) {
    const std::size_t header = one.octets.size() - segment.size();
    for (std::size_t size = 0; size < header; ++size) {
      const auto memory = std::make_unique<std::uint8_t[]>(size);
      std::copy_n(one.octets.begin(), size, memory.get());
      Datagram datagram;
      const Outcome outcome = open_frame(frame_of({memory.get(), size}, one.link), datagram);
      EXPECT_NE(outcome, Outcome::decoded) << one.what << " " << size;
      EXPECT_FALSE(name(outcome).empty());
    }
  }
}

TEST(LinkLayers, SayWhyThereIsNoDatagram) {
  const struct {
    const char* what;
    LinkType link;
    Octets octets;
    Outcome outcome;
  } cases[] = {
      {"protected Wi-Fi", LinkType::Wifi, behind("0842" + to_station.substr(4), Octets(60)), Outcome::encrypted},
      {"a beacon", LinkType::Wifi, behind("8000" + to_station.substr(4), Octets(60)), Outcome::not_ip},
      {"Wi-Fi without data", LinkType::Wifi, behind("4802" + to_station.substr(4), {}), Outcome::not_ip},
      {"a radiotap header shorter than itself", LinkType::WifiRadiotap, behind("0000 0700 00000000", Octets(60)),
       Outcome::cut_link_header},
      {"an AVS header shorter than itself", LinkType::WifiAvs, behind("80211001 00000007", Octets(60)),
       Outcome::cut_link_header},
      {"PPP link control", LinkType::Ppp, behind("ff03 c021", four), Outcome::not_ip},
      {"PPPoE that is no session data", LinkType::Ethernet,
       packets::ethernet(0x8864, behind("1109 0001 0010 0021", four)), Outcome::not_ip},
      {"NFLOG of another version", LinkType::Nflog, behind("02 01 0000", four), Outcome::unknown_link_type},
      {"NFLOG without a packet", LinkType::Nflog, hex("02 00 0000 0800 0100 08000100"), Outcome::cut_link_header},
      {"NFLOG of ARP", LinkType::Nflog, behind("03 00 0000 2000 0900", Octets(28)), Outcome::not_ip},
      {"a later fragment on ARCNET", LinkType::ArcnetLinux, behind("0102 0000 d4 02 0001", four), Outcome::not_ip},
      {"ARP on ARCNET", LinkType::Arcnet, behind("0102 f1", Octets(20)), Outcome::not_ip},
      {"an FDDI token", LinkType::Fddi, behind("80" + zeros(12), Octets(20)), Outcome::not_ip},
      {"Token Ring management", LinkType::TokenRing, behind("1000" + zeros(12), Octets(20)), Outcome::not_ip},
      {"PKTAP inside PKTAP", LinkType::Pktap, behind(pktap("02010000") + pktap("01000000"), Octets(60)),
       Outcome::unknown_link_type},
      {"USER2 that is no PKTAP", LinkType::User2, four, Outcome::unknown_link_type},
      {"PPI of an unknown link layer", LinkType::Ppi, behind("0000 0800 ffff0000", four), Outcome::unknown_link_type},
      {"an MPLS stack without bottom", LinkType::Ethernet, packets::ethernet(0x8847, Octets(64)),
       Outcome::cut_link_header},
      {"MPLS of something else", LinkType::Ethernet, packets::ethernet(0x8847, behind("00012140 10000000", Octets(60))),
       Outcome::not_ip},
      {"a control channel in MPLS", LinkType::Ethernet, packets::ethernet(0x8847, behind("0000d140 10000021", four)),
       Outcome::not_ip},
  };
  for (const auto& one : cases) {
    Datagram datagram;
    EXPECT_EQ(open_frame(frame_of(one.octets, one.link), datagram), one.outcome) << one.what;
  }
}

TEST(LinkLayers, MplsAndPppoeCanBeLeftClosed) {
  TunnelSet closed;
  closed.remove_all();
  Datagram datagram;
  const Octets labelled = packets::ethernet(0x8847, behind("00012140", four));
  EXPECT_EQ(open_frame(frame_of(labelled, LinkType::Ethernet), datagram, closed), Outcome::not_ip);
  const Octets session =
      packets::ethernet(0x8864, behind("1100 0001" + length_text(four.size() + 2, false) + "0021", four));
  EXPECT_EQ(open_frame(frame_of(session, LinkType::Ethernet), datagram, closed), Outcome::not_ip);
  const Octets link = behind("1100 0001" + length_text(four.size() + 2, false) + "0021", four);
  EXPECT_EQ(open_frame(frame_of(link, LinkType::PppOverEthernet), datagram, closed), Outcome::decoded)
      << "here PPPoE is the link layer itself";
}

}  // namespace
}  // namespace rata::decode
