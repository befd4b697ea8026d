#include "traffic/generator.h"

#include <algorithm>

#include "capture.h"

namespace rata::traffic::test {
namespace {

/// FNV-1a.
std::uint64_t hash_of(const Octets& octets) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t octet : octets) hash = (hash ^ octet) * 0x100000001b3;
  return hash;
}

/// Queries whose name lies below the first victim, and all queries, over UDP and in one part of each period.
struct Share {
  double victims = 0;
  double all = 0;
};

bool below_first_victim(const std::string& name) {
  const std::size_t second_label = name.empty() ? 0 : 1 + static_cast<std::size_t>(name[0]);
  return name.find("victim1-", second_label) == second_label + 1;
}

Share share_in(const Octets& pcap, std::uint64_t start_s, std::uint64_t period_s, std::uint64_t from_s,
               std::uint64_t to_s) {
  Share share;
  for (const Record& record : records(pcap)) {
    const std::uint64_t phase_ns = (record.stamp_ns - start_s * 1'000'000'000) % (period_s * 1'000'000'000);
    if (phase_ns < from_s * 1'000'000'000 || phase_ns >= to_s * 1'000'000'000) continue;
    const auto packet = packet_in(record.frame);
    if (!packet || packet->protocol != 17 || packet->fragment_offset != 0 || load16(packet->payload, 2) != 53) continue;
    const auto message = packet->payload.subspan(8);
    if (message.size() < 12 || (message[2] & 0x80) != 0) continue;
    const auto question = question_of(message);
    if (!question) continue;
    ++share.all;
    share.victims += below_first_victim(question->name);
  }
  return share;
}

TEST(Generator, the_same_seed_gives_the_same_bytes) {
  const Options options = small_options();
  EXPECT_EQ(make(options).pcap, make(options).pcap);
}

TEST(Generator, another_seed_gives_other_bytes) {
  Options options = small_options();
  const Octets first = make(options).pcap;
  options.seed = 2;
  EXPECT_NE(first, make(options).pcap);
}

// Captures are named by their options in benchmarks and reports, so they must not change from one version to the next.
TEST(Generator, captures_of_earlier_versions_are_made_again) {
#ifndef __x86_64__
  GTEST_SKIP() << "elsewhere the compiler may join a product and a sum, which changes last bits";
#endif
  Options options = small_options();
  EXPECT_EQ(hash_of(make(options).pcap), 7691183480242618511U);
  options.nano = true;
  options.tcp = .3;
  options.frag = .02;
  options.malformed = .01;
  options.attack = {.02, .06, .8};
  EXPECT_EQ(hash_of(make(options).pcap), 12238459596851485951U);
}

TEST(Generator, keeping_less_truth_does_not_change_the_bytes) {
  const Options options = small_options();
  MemoryOutput output;
  PcapWriter writer(output, Resolution::microseconds);
  Addresses addresses(options);
  Truth truth(Keep::bounded);
  Generator(options, options.start_s * 1'000'000'000, addresses, writer, truth).run_to_end();
  EXPECT_EQ(output.octets(), make(options).pcap);
  EXPECT_EQ(truth.names.distinct(), 0U);
  EXPECT_TRUE(truth.latencies_ns.empty());
  EXPECT_TRUE(truth.clients[0].empty());
}

TEST(Generator, stamps_do_not_go_back) {
  const Octets pcap = make(small_options()).pcap;
  const std::vector<Record> all = records(pcap);
  EXPECT_TRUE(
      std::is_sorted(all.begin(), all.end(), [](const Record& a, const Record& b) { return a.stamp_ns < b.stamp_ns; }));
}

TEST(Generator, limits_stop_it) {
  Options options = small_options();
  options.noise = 0;
  options.malformed = 0;
  options.tcp = 0;
  options.queries = 100;
  EXPECT_EQ(make(options).manifest["queries"]["total"], 100);

  options = small_options();
  options.packets = 50;
  const std::uint64_t packets = make(options).manifest["packets"];
  EXPECT_GE(packets, 50U);
  EXPECT_LT(packets, 80U);  // the last transaction is whole

  options = small_options();
  options.packets = unlimited;
  options.qps = 1000;
  options.seconds = 2;
  const auto manifest = make(options).manifest;
  EXPECT_NEAR(manifest["queries"]["total"].get<double>(), 2000, 200);
  EXPECT_NEAR(manifest["last_ts"].get<double>() - manifest["first_ts"].get<double>(), 2, .5);
}

TEST(Generator, an_attack_cycle_brings_victims_and_queries_and_takes_them_away) {
  Options options = small_options();
  options.packets = unlimited;
  options.qps = 2000;
  options.seconds = 20;
  options.attack_cycle = {.period_s = 10, .length_s = 4, .share = .8, .rate_factor = 2};
  const Octets pcap = make(options).pcap;
  const Share calm = share_in(pcap, options.start_s, 10, 0, 6);
  const Share attacked = share_in(pcap, options.start_s, 10, 6, 10);
  // A fifth of the calm queries are junk, half of those ask for one of four victims.
  EXPECT_NEAR(calm.victims / calm.all, .2 * .5 / 4, .01);
  // Some queries are of sorts that no attack makes fewer: for the TLD, reverse, rare ones.
  EXPECT_NEAR(attacked.victims / attacked.all, .8 * .965, .02);
  EXPECT_NEAR((attacked.all / 4) / (calm.all / 6), 2, .1);
}

TEST(Generator, an_attack_comes_once) {
  Options options = small_options();
  options.packets = unlimited;
  options.qps = 2000;
  options.seconds = 10;
  options.attack = {.begin_s = 2, .end_s = 5, .share = .6};
  const Octets pcap = make(options).pcap;
  const Share attacked = share_in(pcap, options.start_s, 10, 2, 5);
  const Share after = share_in(pcap, options.start_s, 10, 5, 10);
  EXPECT_NEAR(attacked.victims / attacked.all, .6 * .965, .03);
  EXPECT_NEAR(after.victims / after.all, .025, .01);
  EXPECT_NEAR((attacked.all / 3) / (after.all / 5), 1, .1);
}

}  // namespace
}  // namespace rata::traffic::test
