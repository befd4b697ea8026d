#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "packets.h"

namespace rata::decode {
namespace {

using capture::Frame;
using capture::LinkType;
using packets::behind;
using packets::hex;
using packets::Octets;

constexpr std::uint16_t ip4 = 0x0800, ip6 = 0x86dd;
constexpr std::uint8_t udp_protocol = 17;

const Octets segment = packets::udp(40000, 53, packets::dns("www"));

Frame frame_of(const Octets& octets, LinkType link = LinkType::Ethernet) {
  Frame frame;
  frame.octets = octets;
  frame.original_length = static_cast<std::uint32_t>(octets.size());
  frame.time = util::from_seconds(5);
  frame.ordinal = 7;
  frame.link = link;
  return frame;
}

void expect_segment(const Octets& octets, LinkType link, bool v6, const char* what) {
  Datagram datagram;
  ASSERT_EQ(open_frame(frame_of(octets, link), datagram), Outcome::decoded) << what;
  EXPECT_TRUE(std::ranges::equal(datagram.payload, segment)) << what;
  EXPECT_EQ(datagram.source, packets::client(v6)) << what;
  EXPECT_EQ(datagram.destination, packets::server(v6)) << what;
  EXPECT_EQ(datagram.protocol, udp_protocol) << what;
  EXPECT_EQ(datagram.time, util::from_seconds(5)) << what;
  EXPECT_EQ(datagram.ordinal, 7u) << what;
  EXPECT_FALSE(datagram.fragment || datagram.cut) << what;
}

TEST(OpenFrame, FindsTheDatagramBehindEveryLinkHeader) {
  const Octets four = packets::ipv4(udp_protocol, segment), six = packets::ipv6(udp_protocol, segment);
  const struct {
    const char* what;
    LinkType link;
    bool v6;
    Octets octets;
  } cases[] = {
      {"Ethernet", LinkType::Ethernet, false, packets::ethernet(ip4, four)},
      {"Ethernet, IPv6", LinkType::Ethernet, true, packets::ethernet(ip6, six)},
      {"one tag", LinkType::Ethernet, false, behind("020202020202 020202020202 8100 0064 0800", four)},
      {"two tags", LinkType::Ethernet, true, behind("020202020202 020202020202 88a8 0064 8100 0065 86dd", six)},
      {"four tags", LinkType::Ethernet, false,
       behind("020202020202 020202020202 9100 0001 88a8 0002 8100 0003 8100 0004 0800", four)},
      {"SNAP", LinkType::Ethernet, false, behind("020202020202 020202020202 0060 aaaa03 000000 0800", four)},
      {"SNAP in a VLAN", LinkType::Ethernet, true,
       behind("020202020202 020202020202 8100 0064 0060 aaaa03 000000 86dd", six)},
      {"SLL", LinkType::LinuxSll, false, behind("0000 0001 0006 0202020202020000 0800", four)},
      {"SLL, tagged", LinkType::LinuxSll, true, behind("0000 0001 0006 0202020202020000 8100 0064 86dd", six)},
      {"SLL with LLC", LinkType::LinuxSll, false,
       behind("0000 0001 0006 0202020202020000 0004 aaaa03 000000 0800", four)},
      {"SLL2", LinkType::LinuxSll2, false, behind("0800 0000 00000003 0001 00 06 0202020202020000", four)},
      {"SLL2, IPv6", LinkType::LinuxSll2, true, behind("86dd 0000 00000003 0001 00 06 0202020202020000", six)},
      {"raw", LinkType::Raw, false, four},
      {"raw, IPv6", LinkType::Raw, true, six},
      {"raw of BSD/OS", LinkType::RawBsd, true, six},
      {"raw of OpenBSD", LinkType::RawOpenBsd, false, four},
      {"raw IPv4", LinkType::Ipv4, false, four},
      {"raw IPv6", LinkType::Ipv6, true, six},
      {"raw IPv4 that holds IPv6", LinkType::Ipv4, true, six},
      {"null, little-endian", LinkType::Null, false, behind("02000000", four)},
      {"null, big-endian", LinkType::Null, false, behind("00000002", four)},
      {"null, NetBSD", LinkType::Null, true, behind("18000000", six)},
      {"null, FreeBSD", LinkType::Null, true, behind("1c000000", six)},
      {"null, macOS", LinkType::Null, true, behind("0000001e", six)},
      {"null, Linux", LinkType::Null, true, behind("0a000000", six)},
      {"null with an EtherType", LinkType::Null, false, behind("0f000800", four)},
      {"loop", LinkType::Loop, true, behind("00000018", six)},
  };
  for (const auto& one : cases) expect_segment(one.octets, one.link, one.v6, one.what);
}

TEST(OpenFrame, GoesThroughIpOptionsAndExtensionHeaders) {
  const auto six = [](std::uint8_t protocol, const Octets& payload) {
    return packets::ethernet(ip6, packets::ipv6(protocol, payload));
  };
  const Octets authenticated = packets::joined({Octets{udp_protocol, 4}, Octets(22), segment});
  const Octets atomic = packets::fragment_header(udp_protocol, 0, false, 9, segment);
  const struct {
    const char* what;
    bool v6;
    Octets octets;
  } cases[] = {
      {"40 octets of options", false, packets::ethernet(ip4, packets::ipv4(udp_protocol, segment, 40))},
      {"hop-by-hop", true, six(0, packets::extension(udp_protocol, segment))},
      {"routing", true, six(43, packets::extension(udp_protocol, segment, 3))},
      {"destination options", true, six(60, packets::extension(udp_protocol, segment, 2))},
      {"authentication", true, six(51, authenticated)},
      {"all in a row", true,
       six(0, packets::extension(60, packets::extension(43, packets::extension(51, authenticated))))},
      {"atomic fragment", true, six(44, atomic)},
      {"hop-by-hop and atomic fragment", true, six(0, packets::extension(44, atomic))},
  };
  for (const auto& one : cases) expect_segment(one.octets, LinkType::Ethernet, one.v6, one.what);
}

TEST(OpenFrame, LeavesPaddingOfTheLinkLayerBehind) {
  for (const bool v6 : {false, true}) {
    Octets octets = v6 ? packets::ethernet(ip6, packets::ipv6(udp_protocol, segment))
                       : packets::ethernet(ip4, packets::ipv4(udp_protocol, segment));
    octets.resize(octets.size() + 18, 0xaa);
    expect_segment(octets, LinkType::Ethernet, v6, "padded");
  }
}

TEST(OpenFrame, TakesWhatIsThereWhenTheLengthIsZero) {
  Octets four = packets::ethernet(ip4, packets::ipv4(udp_protocol, segment));
  four[16] = four[17] = 0;
  expect_segment(four, LinkType::Ethernet, false, "segmentation offload");
  Octets six = packets::ethernet(ip6, packets::ipv6(udp_protocol, segment));
  six[18] = six[19] = 0;
  expect_segment(six, LinkType::Ethernet, true, "jumbo payload");
}

TEST(OpenFrame, ReadsFragmentsOfIpv4) {
  Datagram datagram;
  const Octets first = packets::ethernet(ip4, packets::ipv4(udp_protocol, segment, 0, 0x2000));
  ASSERT_EQ(open_frame(frame_of(first), datagram), Outcome::decoded);
  EXPECT_TRUE(datagram.fragment && datagram.more_fragments);
  EXPECT_EQ(datagram.fragment_offset, 0u);
  EXPECT_EQ(datagram.fragment_id, 0x2b2bu);
  const Octets last = packets::ethernet(ip4, packets::ipv4(udp_protocol, segment, 0, 0x00b9));
  ASSERT_EQ(open_frame(frame_of(last), datagram), Outcome::decoded);
  EXPECT_TRUE(datagram.fragment && !datagram.more_fragments);
  EXPECT_EQ(datagram.fragment_offset, 0xb9u * 8);
  const Octets whole = packets::ethernet(ip4, packets::ipv4(udp_protocol, segment, 0, 0x4000));
  ASSERT_EQ(open_frame(frame_of(whole), datagram), Outcome::decoded);
  EXPECT_FALSE(datagram.fragment || datagram.more_fragments) << "only do-not-fragment is set";
}

TEST(OpenFrame, StopsBehindTheFragmentHeaderOfIpv6) {
  const Octets inner = packets::extension(udp_protocol, segment);
  const Octets octets = packets::ethernet(
      ip6, packets::ipv6(0, packets::extension(44, packets::fragment_header(60, 16, true, 77, inner))));
  Datagram datagram;
  ASSERT_EQ(open_frame(frame_of(octets), datagram), Outcome::decoded);
  EXPECT_TRUE(datagram.fragment && datagram.more_fragments);
  EXPECT_EQ(datagram.fragment_offset, 16u);
  EXPECT_EQ(datagram.fragment_id, 77u);
  EXPECT_EQ(datagram.protocol, 60) << "what follows is only known when all is joined";
  EXPECT_TRUE(std::ranges::equal(datagram.payload, inner));
}

TEST(OpenFrame, SaysWhyItCannotRead) {
  const Octets four = packets::ipv4(udp_protocol, segment), six = packets::ipv6(udp_protocol, segment);
  const auto changed = [](Octets octets, std::size_t at, std::uint8_t value) {
    octets[at] = value;
    return octets;
  };
  const auto tagged = [&](int tags) {
    Octets octets = hex("020202020202 020202020202");
    while (tags-- > 0) octets = packets::joined({octets, hex("8100 0001")});
    return packets::joined({octets, hex("0800"), four});
  };
  const struct {
    const char* what;
    LinkType link;
    Octets octets;
    Outcome outcome;
  } cases[] = {
      // Link layers.
      {"SLIP", static_cast<LinkType>(8), four, Outcome::unknown_link_type},
      {"a number beyond all", static_cast<LinkType>(0xffff), four, Outcome::unknown_link_type},
      {"no octets", LinkType::Ethernet, {}, Outcome::cut_link_header},
      {"13 octets", LinkType::Ethernet, Octets(13), Outcome::cut_link_header},
      {"ends in a tag", LinkType::Ethernet, hex("020202020202 020202020202 8100 00"), Outcome::cut_link_header},
      {"ends in SNAP", LinkType::Ethernet, hex("020202020202 020202020202 0060 aaaa03 0000"), Outcome::cut_link_header},
      {"ends in SLL", LinkType::LinuxSll, Octets(15), Outcome::cut_link_header},
      {"ends in SLL2", LinkType::LinuxSll2, Octets(19), Outcome::cut_link_header},
      {"ends in null", LinkType::Null, Octets(3), Outcome::cut_link_header},
      {"ARP", LinkType::Ethernet, packets::ethernet(0x0806, Octets(46)), Outcome::not_ip},
      {"spanning tree", LinkType::Ethernet, behind("0180c2000000 020202020202 0026 424203", Octets(40)),
       Outcome::not_ip},
      // Below the smallest EtherType a SNAP or GRE type is none, and none of the program's own numbers either.
      {"SNAP, type 1", LinkType::Ethernet, behind("020202020202 020202020202 0060 aaaa03 000000 0001", four),
       Outcome::not_ip},
      {"SNAP, type 2", LinkType::Ethernet, behind("020202020202 020202020202 0060 aaaa03 000000 0002", four),
       Outcome::not_ip},
      {"SNAP, type 4", LinkType::Ethernet, behind("020202020202 020202020202 0060 aaaa03 000000 0004", four),
       Outcome::not_ip},
      {"SNAP, type 5", LinkType::Ethernet, behind("020202020202 020202020202 0060 aaaa03 000000 0005", four),
       Outcome::not_ip},
      {"twelve tags", LinkType::Ethernet, tagged(12), Outcome::too_deep},
      {"null, AppleTalk", LinkType::Null, behind("10000000", four), Outcome::not_ip},
      // IP headers.
      {"nothing behind Ethernet", LinkType::Ethernet, packets::ethernet(ip4, {}), Outcome::bad_ip_header},
      {"version 5", LinkType::Raw, changed(four, 0, 0x55), Outcome::bad_ip_header},
      {"IPv6 under IPv4's EtherType", LinkType::Ethernet, packets::ethernet(ip4, six), Outcome::bad_ip_header},
      {"IPv4 under IPv6's EtherType", LinkType::Ethernet, packets::ethernet(ip6, packets::ipv4(17, Octets(80))),
       Outcome::bad_ip_header},
      {"header of 16 octets", LinkType::Raw, changed(four, 0, 0x44), Outcome::bad_ip_header},
      {"total length inside the header", LinkType::Raw, changed(four, 3, 19), Outcome::bad_ip_header},
      {"extension header beyond the end", LinkType::Raw, packets::ipv6(0, changed(packets::extension(17, {}), 1, 1)),
       Outcome::bad_ip_header},
      {"half a fragment header", LinkType::Raw, packets::ipv6(44, Octets(4)), Outcome::bad_ip_header},
  };
  for (const auto& one : cases) {
    Datagram datagram;
    EXPECT_EQ(open_frame(frame_of(one.octets, one.link), datagram), one.outcome) << one.what;
  }
}

TEST(OpenFrame, TellsWhatTheCaptureHasCutFromWhatWasWrongOnTheWire) {
  const Octets octets = packets::ethernet(ip4, packets::ipv4(udp_protocol, segment, 8));
  const struct {
    std::size_t captured;
    Outcome outcome;
    bool cut;
  } cases[] = {
      {14, Outcome::cut_by_capture, false},        {14 + 19, Outcome::cut_by_capture, false},
      {14 + 27, Outcome::cut_by_capture, false},   {14 + 28, Outcome::decoded, true},
      {octets.size() - 1, Outcome::decoded, true}, {octets.size(), Outcome::decoded, false},
  };
  for (const auto& one : cases) {
    Frame frame = frame_of(octets);
    frame.octets = frame.octets.first(one.captured);
    Datagram datagram;
    EXPECT_EQ(open_frame(frame, datagram), one.outcome) << one.captured;
    EXPECT_TRUE(one.outcome != Outcome::decoded || datagram.cut == one.cut) << one.captured;
  }
}

/// Every prefix, in memory that ends where it does, so that a sanitizer sees an octet read beyond it.
TEST(OpenFrame, EveryPrefixAndEveryChangedOctetReadsOrNamesAnOutcome) {
  const Octets deep = packets::extension(60, packets::extension(44, packets::fragment_header(17, 0, true, 1, segment)));
  const Octets frames[] = {
      packets::ethernet(ip4, packets::ipv4(udp_protocol, segment, 12)),
      behind("020202020202 020202020202 88a8 0064 8100 0065 86dd", packets::ipv6(0, deep)),
      behind("0000 0001 0006 0202020202020000 0800", packets::ipv4(6, segment)),
      behind("020202020202 020202020202 0060 aaaa03 000000 0800", packets::ipv4(udp_protocol, segment)),
  };
  const LinkType links[] = {LinkType::Ethernet, LinkType::Ethernet, LinkType::LinuxSll, LinkType::Ethernet};
  const auto open = [](const Octets& octets, std::size_t size, LinkType link) {
    const auto memory = std::make_unique<std::uint8_t[]>(size);
    std::copy_n(octets.begin(), size, memory.get());
    Frame frame;
    frame.octets = {memory.get(), size};
    frame.original_length = static_cast<std::uint32_t>(octets.size());
    frame.link = link;
    Datagram datagram;
    const Outcome outcome = open_frame(frame, datagram);
    ASSERT_FALSE(name(outcome).empty());
    if (outcome != Outcome::decoded) return;
    EXPECT_GE(datagram.payload.data(), memory.get());
    EXPECT_LE(datagram.payload.data() + datagram.payload.size(), memory.get() + size);
  };
  for (std::size_t i = 0; i < std::size(frames); ++i) {
    for (std::size_t size = 0; size <= frames[i].size(); ++size) open(frames[i], size, links[i]);
    for (std::size_t at = 0; at < frames[i].size() - segment.size(); ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        Octets changed = frames[i];
        changed[at] = static_cast<std::uint8_t>(value);
        open(changed, changed.size(), links[i]);
      }
    }
  }
}

TEST(PairHash, IsTheSameInBothDirectionsAndOnEveryMachine) {
  for (const bool v6 : {false, true})
    EXPECT_EQ(pair_hash(packets::client(v6), packets::server(v6)), pair_hash(packets::server(v6), packets::client(v6)));
  // The shard is part of the result: these figures may never change.
  EXPECT_EQ(pair_hash(packets::client(), packets::server()), 34153u);
  EXPECT_EQ(pair_hash(packets::client(true), packets::server(true)), 44484u);
}

TEST(PairHash, SpreadsNeighbouringClientsEvenlyOverTheShards) {
  for (const bool v6 : {false, true}) {
    std::array<int, 8> shards{};
    for (unsigned i = 0; i < 65536; ++i) {
      util::Address client = packets::client(v6);
      client.octets[v6 ? 14 : 2] = static_cast<std::uint8_t>(i >> 8);
      client.octets[v6 ? 15 : 3] = static_cast<std::uint8_t>(i);
      ++shards[pair_hash(client, packets::server(v6)) % shards.size()];
    }
    for (const int count : shards) EXPECT_NEAR(count, 8192, 350);
  }
}

TEST(Outcomes, HaveNamesOfTheirOwnAndAClass) {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < static_cast<unsigned>(Outcome::count_); ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_TRUE(names.insert(name(outcome)).second);
    const OutcomeClass expected = outcome == Outcome::decoded      ? OutcomeClass::decoded
                                  : outcome <= Outcome::no_message ? OutcomeClass::filtered
                                                                   : OutcomeClass::refused;
    EXPECT_EQ(class_of(outcome), expected) << name(outcome);
  }
  EXPECT_EQ(name(Outcome::bad_udp_header), "bad_udp_header");
}

}  // namespace
}  // namespace rata::decode
