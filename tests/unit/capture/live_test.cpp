#include "capture/live.h"

#include <algorithm>
#include <map>
#include <random>

#include "captures.h"
#include "namespace.h"
#include "util/cursor.h"
#include "util/pair_hash.h"

namespace rata::capture {
namespace {

using namespaces::add_pair;
using namespaces::in_new_namespace;
using namespaces::ip;
using namespaces::number_in;
using namespaces::udp_frame;
using namespaces::Wire;
using Sources = std::vector<std::unique_ptr<Source>>;

constexpr int enough_reads = 50;  // of 200 ms each

const LiveFilter dns{"udp port 53 or (vlan and udp port 53)", "udp port 53"};

Sources opened(const std::vector<std::string>& interfaces, std::size_t threads = 1, std::size_t shards = 8,
               SourceOptions options = {}) {
  if (options.filter.ethernet.empty()) options.filter = dns;
  auto sources = open_live(interfaces, options, threads, shards);
  if (sources) return std::move(*sources);
  ADD_FAILURE() << sources.error().message;
  return {};
}

/// What a reader remembers of a frame when its octets are gone.
struct Seen {
  Frame frame;
  std::vector<std::uint8_t> octets;
};

/// Reads until so many frames have come, or for as long as a slow machine might take.
std::vector<Seen> read(Source& source, std::size_t count) {
  std::vector<Seen> seen;
  std::vector<Frame> batch;
  for (int idle = 0; seen.size() < count && idle < enough_reads;) {
    if (source.read(batch) == Read::idle) ++idle;
    for (const Frame& frame : batch) seen.push_back({frame, {frame.octets.begin(), frame.octets.end()}});
  }
  return seen;
}

std::vector<Seen> read_to_end(Source& source) {
  std::vector<Seen> seen;
  std::vector<Frame> batch;
  source.stop();
  while (source.read(batch) != Read::end)
    for (const Frame& frame : batch) seen.push_back({frame, {frame.octets.begin(), frame.octets.end()}});
  return seen;
}

/// Until the source has so many complaints; returns the newest.
std::string complaint(Source& source, std::size_t count) {
  std::vector<Frame> batch;
  for (int i = 0; source.complaints().size() < count && i < enough_reads; ++i) source.read(batch);
  return source.complaints().size() < count ? "" : source.complaints()[count - 1].message;
}

std::vector<util::Address> random_addresses(std::size_t count) {
  std::mt19937 random(4711);
  std::vector<util::Address> addresses(count);
  for (std::size_t i = 0; i < count; ++i) {
    addresses[i].v6 = i / 2 % 2 == 1;  // pairs of one family
    for (std::size_t octet = 0; octet < (addresses[i].v6 ? 16u : 4u); ++octet)
      addresses[i].octets[octet] = static_cast<std::uint8_t>(random());
    addresses[i].octets[0] = addresses[i].v6 ? 0x20 : 198;  // no multicast
  }
  return addresses;
}

/// Sends both directions of many pairs and expects each at its ring, once.
void expect_at_their_rings(const Wire& wire, Sources& sources, std::size_t shards) {
  const auto addresses = random_addresses(800);
  std::vector<std::size_t> expected(sources.size());
  for (std::uint16_t i = 0; i < addresses.size(); i += 2) {
    wire.send(udp_frame(addresses[i], addresses[i + 1], i));
    wire.send(udp_frame(addresses[i + 1], addresses[i], static_cast<std::uint16_t>(i + 1)));
    expected[util::pair_hash(addresses[i], addresses[i + 1]) % shards % sources.size()] += 2;
  }
  std::map<unsigned, int> times;
  for (std::size_t ring = 0; ring < sources.size(); ++ring) {
    EXPECT_GT(expected[ring], addresses.size() / sources.size() / 3);
    const auto seen = read(*sources[ring], expected[ring]);
    EXPECT_EQ(seen.size(), expected[ring]) << "ring " << ring;
    for (const Seen& one : seen) {
      const std::uint16_t number = number_in(one.octets);
      ASSERT_LT(number, addresses.size());
      ++times[number];
      const std::size_t pair = number / 2 * 2;
      EXPECT_EQ(util::pair_hash(addresses[pair], addresses[pair + 1]) % shards % sources.size(), ring) << number;
    }
  }
  EXPECT_EQ(times.size(), addresses.size());
  for (const auto& [number, count] : times) EXPECT_EQ(count, 1) << number;
}

TEST(Live, EveryPacketComesToTheRingOfItsShard) {
  in_new_namespace([] {
    add_pair("near", "far");
    for (const auto& [threads, shards] : {std::pair{2, 8}, {3, 8}, {3, 7}, {4, 4}}) {
      Sources sources = opened({"far"}, static_cast<std::size_t>(threads), static_cast<std::size_t>(shards));
      expect_at_their_rings(Wire("near"), sources, static_cast<std::size_t>(shards));
    }
  });
}

TEST(Live, WhatIsSentThroughAnInterfaceIsDealtAsWhatComesInIs) {
  in_new_namespace([] {
    add_pair("near", "far");
    Sources sources = opened({"near"}, 3, 8);
    expect_at_their_rings(Wire("near"), sources, 8);
  });
}

TEST(Live, OneRingGetsAll) {
  in_new_namespace([] {
    add_pair("near", "far");
    Sources sources = opened({"far"});
    expect_at_their_rings(Wire("near"), sources, 8);
  });
}

TEST(Live, AnInterfaceThatWasDownIsWaitedForAndDealtAsBefore) {
  in_new_namespace([] {
    add_pair("near", "far");
    Sources sources = opened({"far"}, 3, 8);
    ip("link set far down");
    EXPECT_EQ(complaint(*sources[0], 1), "far: is gone; waits for it to come back");
    ip("link set far up");
    EXPECT_EQ(complaint(*sources[0], 2), "far: is back");
    expect_at_their_rings(Wire("near"), sources, 8);
    EXPECT_TRUE(sources[1]->complaints().empty());
    EXPECT_TRUE(sources[0]->errors().empty());
  });
}

/// Lets every source notice it: each has a ring of its own to bind again.
void notice(Sources& sources) {
  std::vector<Frame> batch;
  for (auto& source : sources)
    for (int i = 0; i < 2; ++i) source->read(batch);
}

TEST(Live, AnInterfaceThatWasRemovedAndMadeAnewIsWaitedForAndDealtAsBefore) {
  in_new_namespace([] {
    for (const std::size_t threads : {1u, 3u}) {
      add_pair("near", "far");
      Sources sources = opened({"far"}, threads, 8);
      for (std::size_t again = 0; again < 2; ++again) {
        ip("link del near");
        EXPECT_EQ(complaint(*sources[0], 2 * again + 1), "far: is gone; waits for it to come back");
        notice(sources);
        add_pair("near", "far");
        EXPECT_EQ(complaint(*sources[0], 2 * again + 2), "far: is back");
        notice(sources);
        expect_at_their_rings(Wire("near"), sources, 8);
      }
      ip("link del near");
    }
  });
}

TEST(Live, ManyComingsAndGoingsAreSummedUp) {
  in_new_namespace([] {
    add_pair("near", "far");
    Sources sources = opened({"far"});
    for (std::size_t i = 0; i < max_told_errors / 2; ++i) {
      ip("link set far down");
      complaint(*sources[0], 2 * i + 1);
      ip("link set far up");
      complaint(*sources[0], 2 * i + 2);
    }
    ip("link set far down");
    EXPECT_EQ(complaint(*sources[0], max_told_errors + 1), "far: and 1 more times an interface went or came back");
  });
}

TEST(Live, SeveralInterfacesAreOneInputInTheOrderOfTime) {
  in_new_namespace([] {
    add_pair("near0", "far0");
    add_pair("near1", "far1");
    Sources sources = opened({"far0", "far1"});
    EXPECT_EQ(sources[0]->name(), "far0 and 1 more");
    const auto addresses = random_addresses(2);
    const Wire wires[] = {Wire("near0"), Wire("near1")};
    constexpr std::uint16_t count = 3000;
    for (std::uint16_t i = 0; i < count; ++i) wires[i % 2].send(udp_frame(addresses[i % 2], addresses[1 - i % 2], i));
    const auto seen = read(*sources[0], count);
    ASSERT_EQ(seen.size(), count);
    for (std::uint16_t i = 0; i < count; ++i) {
      EXPECT_EQ(number_in(seen[i].octets), i);
      EXPECT_EQ(seen[i].frame.input, i % 2);
      EXPECT_EQ(seen[i].frame.ordinal, i);
    }
    EXPECT_TRUE(std::ranges::is_sorted(seen, {}, [](const Seen& one) { return one.frame.time.ns; }));
    EXPECT_LT(seen.front().frame.time, seen.back().frame.time);  // each has its own stamp
  });
}

TEST(Live, ASilentInterfaceHoldsTheOtherBackForMomentsOnly) {
  in_new_namespace([] {
    add_pair("near0", "far0");
    add_pair("near1", "far1");
    Sources sources = opened({"far0", "far1"});
    const auto addresses = random_addresses(2);
    Wire("near1").send(udp_frame(addresses[0], addresses[1], 7));
    const auto seen = read(*sources[0], 1);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].frame.input, 1);
    EXPECT_EQ(read_to_end(*sources[0]).size(), 0u);
  });
}

TEST(Live, WhatTheRingCannotHoldIsCounted) {
  in_new_namespace([] {
    add_pair("near", "far");
    for (const std::size_t threads : {1u, 2u}) {
      Sources sources = opened({"far"}, threads, 8, {.filter = {}, .ring_octets = 1 << 20});
      const auto addresses = random_addresses(100);
      const Wire wire("near");
      constexpr std::uint16_t count = 5000;  // of a kilobyte each
      for (std::uint16_t i = 0; i < count; ++i)
        wire.send(udp_frame(addresses[i * 4 % 100], addresses[i * 4 % 100 + 1], i, 1000));
      std::uint64_t came = 0, lost = 0;
      for (auto& source : sources) {
        EXPECT_GT(source->stats().kernel_dropped, 0u);
        came += read_to_end(*source).size();
        EXPECT_EQ(source->kernel_dropped_before({INT64_MAX}), source->stats().kernel_dropped);
        EXPECT_EQ(source->kernel_dropped_before({0}), 0u);
        lost += source->stats().kernel_dropped;
      }
      EXPECT_EQ(came + lost, count);
      EXPECT_GT(came, 500u);
    }
  });
}

TEST(Live, WhatCameBeforeTheStopIsHandedOver) {
  in_new_namespace([] {
    add_pair("near", "far");
    Sources sources = opened({"far"}, 2, 8);
    const auto addresses = random_addresses(100);
    const Wire wire("near");
    for (std::uint16_t i = 0; i < 100; i += 2) wire.send(udp_frame(addresses[i], addresses[i + 1], i));
    EXPECT_EQ(read_to_end(*sources[0]).size() + read_to_end(*sources[1]).size(), 50u);
  });
}

TEST(Live, BlocksThatWereReadAreUsedAgain) {
  in_new_namespace([] {
    add_pair("near", "far");
    Sources sources = opened({"far"}, 1, 8, {.filter = {}, .ring_octets = 1 << 20});
    const auto addresses = random_addresses(2);
    const Wire wire("near");
    for (int round = 0; round < 20; ++round) {  // 400 kB each time
      for (std::uint16_t i = 0; i < 300; ++i) wire.send(udp_frame(addresses[0], addresses[1], i, 1000));
      EXPECT_EQ(read(*sources[0], 300).size(), 300u);
    }
    EXPECT_EQ(sources[0]->stats().frames, 6000u);
    EXPECT_EQ(sources[0]->stats().kernel_dropped, 0u);
  });
}

TEST(Live, LoopbackShowsEachPacketOnce) {
  in_new_namespace([] {
    ip("link set lo up");
    for (const char* name : {"lo", "any"}) {
      Sources sources = opened({name});
      const auto addresses = random_addresses(2);
      Wire("lo").send(udp_frame(addresses[0], addresses[1], 1));
      Wire("lo").send(udp_frame(addresses[0], addresses[1], 2));
      EXPECT_EQ(read(*sources[0], 2).size(), 2u);
      EXPECT_EQ(read_to_end(*sources[0]).size(), 0u);
    }
  });
}

TEST(Live, AllInterfacesTogetherGiveLinuxCookedFrames) {
  in_new_namespace([] {
    add_pair("near", "far");
    ip("link set lo up");
    Sources sources = opened({"any"}, 2, 8);
    EXPECT_EQ(sources[0]->link_types(), std::set<LinkType>{LinkType::LinuxSll});
    const auto addresses = random_addresses(4);
    for (const bool v6 : {false, true}) {
      const auto& from = addresses[v6 ? 2 : 0];
      const auto& to = addresses[v6 ? 3 : 1];
      const auto whole = udp_frame(from, to, 77);
      Wire("lo").send(whole);
      const auto seen = read(*sources[util::pair_hash(from, to) % 8 % 2], 1);
      ASSERT_EQ(seen.size(), 1u);
      const auto& octets = seen[0].octets;
      ASSERT_EQ(octets.size(), whole.size() - 14 + 16);
      EXPECT_EQ(seen[0].frame.original_length, octets.size());
      EXPECT_EQ(util::big_endian<std::uint16_t>(octets.data() + 2), 772);  // ARPHRD_LOOPBACK
      EXPECT_EQ(util::big_endian<std::uint16_t>(octets.data() + 14), v6 ? ETH_P_IPV6 : ETH_P_IP);
      EXPECT_TRUE(std::equal(octets.begin() + 16, octets.end(), whole.begin() + 14));
    }
  });
}

TEST(Live, FiltersKnowOfTheTagsThatTheKernelTakesOff) {
  in_new_namespace([] {
    add_pair("near", "far");
    Sources sources = opened({"far"}, 1, 8, {.filter = {"vlan 5 and udp port 53", ""}});
    const auto addresses = random_addresses(2);
    const Wire wire("near");
    for (const std::uint16_t vlan : {std::uint16_t{4}, std::uint16_t{5}, std::uint16_t{6}})
      wire.send(udp_frame(addresses[0], addresses[1], vlan, 0, vlan));
    wire.send(udp_frame(addresses[0], addresses[1], 7));
    const auto seen = read_to_end(*sources[0]);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(number_in(seen[0].octets), 5);
  });
}

std::string error_of(const std::vector<std::string>& interfaces) {
  const auto sources = open_live(interfaces, {}, 1, 8);
  return sources ? "" : sources.error().message;
}

TEST(Live, WhatCannotBeOpenedSaysWhy) {
  in_new_namespace([] {
    add_pair("near", "far");
    EXPECT_TRUE(captures::contains(error_of({"near", "gone"}), "gone: capturing cannot start: "));
    EXPECT_TRUE(captures::contains(error_of({"near", "near"}), "near: is named twice"));
    EXPECT_TRUE(captures::contains(error_of({"near", "any"}), "any: is all interfaces and has to be named alone"));
    ip("link set far down");
    EXPECT_TRUE(captures::contains(error_of({"far"}), "far: capturing cannot start: "));
    EXPECT_TRUE(are_interfaces({"near", "far", "any"}));
    EXPECT_FALSE(are_interfaces({"near", "gone"}));
    EXPECT_FALSE(are_interfaces({"-"}));
    EXPECT_FALSE(are_interfaces({}));
  });
}

TEST(Live, SeveralNamesOpenAsOneSource) {
  in_new_namespace([] {
    add_pair("near", "far");
    const auto source = open_sources({"near", "far"});
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_TRUE((*source)->live());
    const auto addresses = random_addresses(2);
    Wire("near").send(udp_frame(addresses[0], addresses[1], 1));
    EXPECT_EQ(read(**source, 2).size(), 2u);  // out of the one, into the other
  });
}

}  // namespace
}  // namespace rata::capture
