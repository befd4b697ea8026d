#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "traffic/addresses.h"
#include "traffic/query.h"

namespace rata::traffic {

/// How often each code came. Few different codes, so they are looked for one by one.
class CodeCounts {
 public:
  void add(std::uint32_t code) {
    for (auto& [known, count] : counts_) {
      if (known == code) {
        ++count;
        return;
      }
    }
    counts_.emplace_back(code, 1);
  }
  std::map<std::uint32_t, std::uint64_t> sorted() const { return {counts_.begin(), counts_.end()}; }

 private:
  std::vector<std::pair<std::uint32_t, std::uint64_t>> counts_;
};

/// How often each name came: every one of them, so it grows with the traffic. Names whose 64-bit hashes are equal count
/// as one.
class NameCounts {
 public:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint32_t count = 0;
    std::uint32_t offset = 0;
  };

  NameCounts();

  /// A name in wire form, in lower case.
  void add(std::span<const std::uint8_t> name);

  std::size_t distinct() const { return used_; }
  /// The `limit` most frequent; among equals the one with the lower hash first.
  std::vector<Entry> top(std::size_t limit) const;
  /// An entry's name in wire form, and whatever is behind it.
  std::span<const std::uint8_t> name(const Entry& entry) const { return std::span(names_).subspan(entry.offset); }

 private:
  Entry& find(std::uint64_t hash);
  void grow();

  std::vector<Entry> table_;  // open addressing; a count of 0 is a free entry; at most half full
  std::vector<std::uint8_t> names_;
  std::size_t used_ = 0;
};

/// How a query can be malformed.
enum class Malformation { header_cut, pointer_loop, label_overrun, question_cut };
constexpr std::size_t malformation_count = 4;

/// Whether what grows with the traffic is kept: names and latencies.
enum class Keep { everything, bounded };

/// What is true about the traffic that was written: the answers that a watching program must find. Sums are always
/// kept; they cost nothing.
class Truth {
 public:
  explicit Truth(Keep keep) : keep_(keep) {}

  void count_query(const Query& query);
  /// Whose query it was, and over what.
  void count_query_sender(const Flow& flow, bool over_tcp) {
    ++queries[over_tcp ? 1 : 0][flow.v6 ? 1 : 0];
    if (keeps_everything()) count_client(flow);
  }
  void count_response(const Flow& flow, bool over_tcp, std::uint32_t header_rcode) {
    ++responses[over_tcp ? 1 : 0][flow.v6 ? 1 : 0];
    rcode.add(header_rcode);
  }
  /// Between the stamps of a query and its response over UDP, as written.
  void count_latency(std::uint64_t latency_ns) {
    if (keeps_everything()) latencies_ns.push_back(static_cast<std::uint32_t>(latency_ns));
  }
  /// The name as asked for, before letters were changed to upper case.
  void count_name(std::span<const std::uint8_t> name) {
    if (keeps_everything()) names.add(name);
  }
  bool keeps_everything() const { return keep_ == Keep::everything; }

  using ByTransportAndFamily = std::array<std::array<std::uint64_t, 2>, 2>;  // [tcp][v6]
  ByTransportAndFamily queries{};
  ByTransportAndFamily responses{};
  CodeCounts qtype, qclass, opcode, rcode, udp_octets;
  std::uint64_t responses_without_question = 0, truncated_responses = 0, authoritative_responses = 0, unanswered = 0;
  std::uint64_t edns = 0, dnssec_ok = 0, recursion_desired = 0, cookie = 0, nsid = 0, client_subnet = 0;
  std::uint64_t qname_octets = 0;
  std::array<std::uint64_t, malformation_count> malformed{};

  struct Fragments {
    std::uint64_t datagrams = 0, packets = 0, reversed = 0;
  } fragments;
  struct Tcp {
    std::uint64_t connections = 0, packets = 0, split_queries = 0, split_responses = 0, two_queries = 0;
  } tcp;
  struct Noise {
    std::uint64_t icmp_echo = 0, icmp_unreachable = 0, ntp = 0, arp = 0;
  } noise;
  /// Queries for names of some sort.
  struct Sorts {
    std::uint64_t junk = 0, underscore = 0, idn = 0, mixed_case = 0, weird = 0, root_servers = 0, localhost = 0,
                  in_addr_arpa = 0, ip6_arpa = 0, root = 0;
  } sorts;

  // Kept with Keep::everything only.
  NameCounts names;
  std::array<std::vector<std::uint64_t>, 2> clients;  ///< queries of each, [v6]
  std::vector<std::uint32_t> latencies_ns;

 private:
  void count_client(const Flow& flow);

  const Keep keep_;
};

}  // namespace rata::traffic
