#include "traffic/manifest.h"

#include <algorithm>
#include <array>
#include <set>

#include "capture.h"

namespace rata::traffic::test {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

/// What the test sees in a capture. Messages over TCP are not read: their packets and connections are counted.
struct Seen {
  std::uint64_t packets = 0, bytes = 0;
  std::uint64_t queries = 0, queries_v6 = 0, responses = 0, responses_v6 = 0, without_question = 0;
  std::uint64_t malformed = 0, truncated = 0, authoritative = 0, edns = 0, dnssec_ok = 0, recursion_desired = 0;
  std::uint64_t fragments = 0, connections = 0, tcp_packets = 0, icmp = 0, ntp = 0, arp = 0;
  std::uint64_t qname_octets = 0;
  Counts qtype, qclass, opcode, rcode, udp_octets, names, clients;
  std::map<std::string, std::uint64_t> asked_ns;  // by client, port and ID
  std::vector<std::uint64_t> latencies_ns;
};

std::string text(std::span<const std::uint8_t> octets) { return {octets.begin(), octets.end()}; }

std::string transaction_key(std::span<const std::uint8_t> client, std::uint32_t port,
                            std::span<const std::uint8_t> message) {
  return text(client) + "/" + std::to_string(port) + "/" + std::to_string(load16(message, 0));
}

void see_query(Seen& seen, const Packet& packet, std::uint64_t stamp_ns) {
  const auto message = packet.payload.subspan(8);
  const auto question = message.size() < 12 ? std::nullopt : question_of(message);
  if (!question) {
    ++seen.malformed;
    return;
  }
  ++seen.queries;
  seen.queries_v6 += packet.v6;
  seen.qname_octets += question->name.size() + 1;
  ++seen.names[question->name];
  ++seen.clients[text(packet.source)];
  ++seen.qtype[std::to_string(question->qtype)];
  ++seen.qclass[std::to_string(question->qclass)];
  ++seen.opcode[std::to_string(message[2] >> 3 & 15)];
  seen.recursion_desired += message[2] & 1;
  seen.asked_ns[transaction_key(packet.source, load16(packet.payload, 0), message)] = stamp_ns;
  if (load16(message, 10) == 0) return;
  ++seen.edns;  // an OPT record follows the question: its owner is the root
  EXPECT_EQ(load16(message, question->end + 1), 41U);
  ++seen.udp_octets[std::to_string(load16(message, question->end + 3))];
  seen.dnssec_ok += message[question->end + 7] >> 7;
}

void see_response(Seen& seen, const Packet& packet, std::uint64_t stamp_ns) {
  const auto message = packet.payload.subspan(8);
  ++seen.responses;
  seen.responses_v6 += packet.v6;
  ++seen.rcode[std::to_string(message[3] & 15)];
  seen.truncated += message[2] >> 1 & 1;
  seen.authoritative += message[2] >> 2 & 1;
  if (load16(message, 4) == 0) {
    ++seen.without_question;
    return;
  }
  const auto asked = seen.asked_ns.find(transaction_key(packet.destination, load16(packet.payload, 2), message));
  ASSERT_NE(asked, seen.asked_ns.end());
  seen.latencies_ns.push_back(stamp_ns - asked->second);
  seen.asked_ns.erase(asked);
}

void see_packet(Seen& seen, const Packet& packet, std::uint64_t stamp_ns) {
  seen.fragments += packet.more_fragments || packet.fragment_offset != 0;
  if (packet.protocol == 1) {
    ++seen.icmp;
  } else if (packet.protocol == 6) {
    ++seen.tcp_packets;
    seen.connections += packet.payload[13] == 2;
  } else if (packet.fragment_offset != 0) {
    return;
  } else if (load16(packet.payload, 2) == 123) {
    ++seen.ntp;
  } else if (load16(packet.payload, 0) == 53 && load16(packet.payload, 4) >= 20 && (packet.payload[10] & 0x80) != 0) {
    see_response(seen, packet, stamp_ns);
  } else {
    EXPECT_EQ(load16(packet.payload, 2), 53U);
    see_query(seen, packet, stamp_ns);
  }
}

Seen look_at(const Octets& pcap) {
  Seen seen;
  for (const Record& record : records(pcap)) {
    ++seen.packets;
    seen.bytes += record.frame.size();
    const auto packet = packet_in(record.frame);
    if (packet) {
      see_packet(seen, *packet, record.stamp_ns);
    } else {
      ++seen.arp;
    }
  }
  return seen;
}

Counts counts_in(const nlohmann::ordered_json& json) {
  Counts counts;
  for (const auto& [key, value] : json.items()) counts[key] = value;
  return counts;
}

/// Many of everything that is rare.
Options rich_options() {
  Options options = small_options();
  options.packets = 60'000;
  options.nano = true;
  options.malformed = .02;
  options.frag = .02;
  options.noise = .05;
  options.unanswered = .05;
  options.weird = .01;
  options.tcp = 0;
  return options;
}

TEST(Manifest, its_figures_are_those_of_an_independent_count) {
  const Made made = make(rich_options());
  const auto& said = made.manifest;
  const Seen seen = look_at(made.pcap);
  EXPECT_EQ(said["packets"], seen.packets);
  EXPECT_EQ(said["bytes"], seen.bytes);
  EXPECT_EQ(said["queries"]["udp"], seen.queries);
  EXPECT_EQ(said["queries"]["total"], seen.queries);
  EXPECT_EQ(said["queries"]["v6"], seen.queries_v6);
  EXPECT_EQ(said["responses"]["udp"], seen.responses);
  EXPECT_EQ(said["responses"]["v6"], seen.responses_v6);
  EXPECT_EQ(said["responses"]["no_question"], seen.without_question);
  EXPECT_EQ(said["malformed"]["total"], seen.malformed);
  EXPECT_EQ(said["response_tc"], seen.truncated);
  EXPECT_EQ(said["response_aa"], seen.authoritative);
  EXPECT_EQ(said["query_edns"], seen.edns);
  EXPECT_EQ(said["query_do"], seen.dnssec_ok);
  EXPECT_EQ(said["query_rd"], seen.recursion_desired);
  EXPECT_EQ(said["qname_bytes"], seen.qname_octets);
  EXPECT_EQ(said["unanswered"], seen.asked_ns.size());
  EXPECT_EQ(said["fragments"]["packets"], seen.fragments);
  EXPECT_EQ(said["noise"]["icmp_echo"].get<std::uint64_t>() + said["noise"]["icmp_unreach"].get<std::uint64_t>(),
            seen.icmp);
  EXPECT_EQ(said["noise"]["ntp"], seen.ntp);
  EXPECT_EQ(said["noise"]["arp"], seen.arp);
  for (const std::uint64_t some : {seen.malformed, seen.truncated, seen.without_question, seen.fragments, seen.icmp,
                                   seen.ntp, seen.arp, std::uint64_t{seen.asked_ns.size()}}) {
    EXPECT_GT(some, 50U);  // or the comparison says little
  }
}

TEST(Manifest, its_codes_are_those_of_an_independent_count) {
  const Made made = make(rich_options());
  const Seen seen = look_at(made.pcap);
  EXPECT_EQ(counts_in(made.manifest["qtype"]), seen.qtype);
  EXPECT_EQ(counts_in(made.manifest["qclass"]), seen.qclass);
  EXPECT_EQ(counts_in(made.manifest["opcode"]), seen.opcode);
  EXPECT_EQ(counts_in(made.manifest["rcode"]), seen.rcode);
  EXPECT_EQ(counts_in(made.manifest["edns_bufsize"]), seen.udp_octets);
}

TEST(Manifest, names_and_clients_are_those_of_an_independent_count) {
  const Made made = make(rich_options());
  const Seen seen = look_at(made.pcap);
  EXPECT_EQ(made.manifest["names"]["distinct"], seen.names.size());
  EXPECT_EQ(made.manifest["clients"]["distinct"], seen.clients.size());
  ASSERT_EQ(made.manifest["top_qnames"].size(), 20U);
  std::vector<std::uint64_t> counts;
  for (const auto& [name, count] : seen.names) counts.push_back(count);
  std::sort(counts.rbegin(), counts.rend());
  for (std::size_t i = 0; i < 20; ++i) {
    std::string name;
    std::string label;
    // None of the names at the top has octets that are escaped.
    for (const char c : made.manifest["top_qnames"][i][0].get<std::string>() + ".") {
      if (c != '.') {
        label += c;
        continue;
      }
      name += static_cast<char>(label.size()) + label;
      label.clear();
    }
    EXPECT_EQ(made.manifest["top_qnames"][i][1], counts[i]);
    EXPECT_EQ(seen.names.at(name), counts[i]) << name;
  }
}

TEST(Manifest, latencies_are_those_of_an_independent_count) {
  const Made made = make(rich_options());
  Seen seen = look_at(made.pcap);
  // Of a fragmented response the latency is that of its first packet, which a reversed pair's first fragment is not.
  const auto& said = made.manifest["latency_udp_ns"];
  EXPECT_EQ(said["count"], seen.latencies_ns.size());
  std::sort(seen.latencies_ns.begin(), seen.latencies_ns.end());
  EXPECT_NEAR(said["p50"].get<double>(), static_cast<double>(seen.latencies_ns[seen.latencies_ns.size() / 2]), 4000);
  EXPECT_NEAR(said["max"].get<double>(), static_cast<double>(seen.latencies_ns.back()), 4000);
  EXPECT_NEAR(said["p50"].get<double>(), 500e3, 10e3);
}

TEST(Manifest, stamps_are_those_of_the_first_and_the_last_packet) {
  const Made made = make(rich_options());
  const std::vector<Record> all = records(made.pcap);
  EXPECT_NEAR(made.manifest["first_ts"].get<double>(), static_cast<double>(all.front().stamp_ns) / 1e9, 1e-6);
  EXPECT_NEAR(made.manifest["last_ts"].get<double>(), static_cast<double>(all.back().stamp_ns) / 1e9, 1e-6);
}

TEST(Manifest, tcp_is_counted_by_connection_and_packet) {
  Options options = small_options();
  options.tcp = .3;
  const Made made = make(options);
  const Seen seen = look_at(made.pcap);
  EXPECT_EQ(made.manifest["tcp"]["connections"], seen.connections);
  EXPECT_EQ(made.manifest["tcp"]["packets"], seen.tcp_packets);
  EXPECT_EQ(made.manifest["queries"]["tcp"].get<std::uint64_t>(),
            seen.connections + made.manifest["tcp"]["two_query"].get<std::uint64_t>());
  EXPECT_EQ(made.manifest["queries"]["udp"], seen.queries);
  EXPECT_GT(seen.connections, 500U);
}

}  // namespace
}  // namespace rata::traffic::test
