#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "reduce/contents.h"
#include "reduce/dimension.h"
#include "reduce/key_parts.h"
#include "reduce/key_table.h"
#include "reduce/packet.h"
#include "reduce/pairing.h"

namespace rata::reduce {

/// What to look at: `counts` is what header, question and OPT say; `names` adds the names of queries; `all` also
/// clients, pairing and the other records.
enum class ReportScope { counts, names, all };

/// What is in a capture, one shard's part of it. Units: messages unless said otherwise.
class Report {
 public:
  struct Totals {
    std::uint64_t messages = 0, queries = 0, responses = 0, ipv4 = 0, ipv6 = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(util::Transport::count_)> transport{};
    std::uint64_t tc = 0, aa = 0, rd_queries = 0, edns = 0, dnssec_ok = 0, edns_queries = 0, do_queries = 0;
    std::array<std::uint64_t, 16> opcode{};
    std::array<std::uint64_t, 16> header_rcode{};                         ///< of responses
    std::vector<std::uint64_t> rcode = std::vector<std::uint64_t>(4096);  ///< of responses, all twelve bits
    std::vector<std::uint64_t> qtype_query = std::vector<std::uint64_t>(65536);
    std::vector<std::uint64_t> qtype_response = std::vector<std::uint64_t>(65536);
    std::vector<std::uint64_t> qclass_query = std::vector<std::uint64_t>(65536);

    Totals& operator+=(const Totals& other);
  };

  /// `keys`: names, and likewise clients, that this part keeps apart (KeyTable's bound).
  Report(ReportScope scope, std::size_t keys);

  void add(std::span<const Packet> batch);

 private:
  friend class WholeReport;

  void count(const Packet& packet);
  void count_known(const Packet& packet);
  void count_flags(const dns::Message& message);
  /// Keys of one packet for the tables, as far as the scope needs them.
  struct Hashes {
    std::uint64_t name = 0, client = 0, pair = 0;
  };
  Hashes prefetch(const Packet& packet) const;
  void count_keys(std::span<const Packet> batch);
  void count_keys(const Packet& packet, const Hashes& hashes);
  void add_client(const Packet& packet, std::uint64_t hash);

  ReportScope scope_;
  Totals totals_;
  KeyBuffer key_;
  KeyTable qnames_, clients_;
  Pairing pairing_;
  Contents contents_;
};

/// The parts of all shards added up.
class WholeReport {
 public:
  /// Takes over the parts and leaves none. They are at their end: queries still waiting are unanswered. `threads`: that
  /// `do_all` uses; what comes out does not depend on them.
  WholeReport(std::vector<std::unique_ptr<Report>> shards, std::size_t threads, const DoAll& do_all);

  const Report::Totals& totals() const { return sum_->totals_; }
  const KeyParts& qnames() const { return qnames_; }    ///< of queries, wire form, lower case
  const KeyParts& clients() const { return clients_; }  ///< of queries; `party_text` reads the keys
  const Pairing& pairing() const { return sum_->pairing_; }
  const Contents& contents() const { return sum_->contents_; }

 private:
  std::unique_ptr<Report> sum_;  ///< all but the keys
  KeyParts qnames_, clients_;
};

}  // namespace rata::reduce
