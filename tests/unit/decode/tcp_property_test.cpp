#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "packets.h"

namespace rata::decode {
namespace {

using packets::Harness;
using packets::Octets;
using packets::Peer;

class RandomStream {
 public:
  explicit RandomStream(unsigned seed) : random_(seed) {
    const std::size_t count = 1 + below(20);
    for (std::size_t i = 0; i < count; ++i) {
      messages.push_back(packets::dns("host", below(2) == 0, below(10) == 0 ? below(60'000) : below(300)));
      if (below(20) == 0) messages.back().resize(below(12));
      const Octets whole = packets::prefixed(messages.back());
      octets.insert(octets.end(), whole.begin(), whole.end());
    }
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }

  /// The stream in random pieces, some twice, some reaching into others, each moved by at most `window` places.
  std::vector<Datagram> segments(Peer& peer, std::size_t window) {
    const std::size_t largest = below(3) == 0 ? 5 + below(20) : 200 + below(3000);
    std::vector<std::pair<std::size_t, Datagram>> placed;
    for (std::size_t at = 0; at < octets.size();) {
      const std::size_t end = std::min(octets.size(), at + 1 + below(largest));
      const std::size_t begin = below(5) == 0 ? at - std::min(at, below(largest)) : at;
      for (std::size_t copies = below(8) == 0 ? 2 : 1; copies > 0; --copies)
        placed.emplace_back(placed.size() + below(window + 1), peer.data(begin, packets::part(octets, begin, end)));
      at = end;
    }
    std::ranges::stable_sort(placed, {}, &std::pair<std::size_t, Datagram>::first);
    std::vector<Datagram> datagrams;
    for (const auto& [place, datagram] : placed) datagrams.push_back(datagram);
    return datagrams;
  }

  std::vector<Octets> messages;
  Octets octets;

 private:
  std::mt19937 random_;
};

TEST(TcpProperty, SegmentsCutReorderedAndRepeatedGiveTheSameMessages) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    RandomStream stream(seed);
    Peer peer(true, seed % 3 == 0 ? 0xffffff00u : seed * 123'457);
    JoinerLimits limits;
    limits.stream_octets = 4 * 1024 * 1024;
    limits.total_octets = 16 * 1024 * 1024;
    Harness harness(limits);
    harness.add(peer.syn_segment());
    harness.add_all(stream.segments(peer, seed % 10));
    ASSERT_EQ(harness.messages.size(), stream.messages.size()) << seed;
    for (std::size_t i = 0; i < stream.messages.size(); ++i)
      EXPECT_EQ(harness.messages[i].octets, stream.messages[i]) << seed;
    EXPECT_EQ(harness.joiner.counters().tcp_octets, stream.octets.size()) << seed;
    EXPECT_EQ(harness.joiner.counters().tcp_delivered, stream.octets.size()) << seed;
    harness.finish();
    EXPECT_EQ(harness.messages.size(), stream.messages.size()) << seed;
  }
}

TEST(TcpProperty, SegmentsThatAreMissingCostOnlyMessagesThatWereSentAndTheBooksBalance) {
  std::size_t sent = 0, delivered = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    RandomStream stream(seed);
    Peer peer(true, seed * 123'457), server(false, 1);
    JoinerLimits limits;
    limits.stream_octets = 20'000;
    Harness harness(limits);
    if (seed % 2 == 0) harness.add(peer.syn_segment());
    for (const Datagram& datagram : stream.segments(peer, 2)) {
      if (stream.below(30) == 0) harness.add(server.acknowledgement(peer, stream.below(stream.octets.size())));
      if (stream.below(40) != 0) harness.add(datagram);
    }
    harness.finish();
    sent += stream.messages.size();
    for (const auto& message : harness.messages)
      delivered += std::ranges::find(stream.messages, message.octets) != stream.messages.end();
    EXPECT_LE(harness.messages.size(), stream.messages.size()) << seed;
  }
  EXPECT_GE(delivered * 10, sent * 6) << "most messages survive a loss of a segment in forty";
}

}  // namespace
}  // namespace rata::decode
