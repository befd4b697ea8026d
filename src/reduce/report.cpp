#include "reduce/report.h"

#include <algorithm>
#include <utility>

namespace rata::reduce {
namespace {

using util::Member;

template <typename Numbers>
void add_each(Numbers& into, const Numbers& from) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] += from[i];
}

}  // namespace

Report::Totals& Report::Totals::operator+=(const Totals& other) {
  for (const auto member :
       {&Totals::messages, &Totals::queries, &Totals::responses, &Totals::ipv4, &Totals::ipv6, &Totals::tc, &Totals::aa,
        &Totals::rd_queries, &Totals::edns, &Totals::dnssec_ok, &Totals::edns_queries, &Totals::do_queries})
    this->*member += other.*member;
  add_each(transport, other.transport);
  add_each(opcode, other.opcode);
  add_each(header_rcode, other.header_rcode);
  add_each(rcode, other.rcode);
  add_each(qtype_query, other.qtype_query);
  add_each(qtype_response, other.qtype_response);
  add_each(qclass_query, other.qclass_query);
  return *this;
}

Report::Report(ReportScope scope, std::size_t keys) : scope_(scope), qnames_(keys), clients_(keys) {}

void Report::add(std::span<const Packet> batch) {
  for (const Packet& packet : batch) count(packet);
  if (scope_ == ReportScope::counts) return;
  count_keys(batch);
  if (scope_ != ReportScope::all) return;
  for (const Packet& packet : batch) contents_.add(packet.message, packet.lacks);
}

/// What a packet lacks is not counted either way.
void Report::count_known(const Packet& packet) {
  const dns::Message& message = packet.message;
  const auto knows = [&packet](util::Member member) { return !packet.lacks.has(member); };
  ++totals_.messages;
  totals_.transport[static_cast<std::size_t>(packet.transport)] += knows(Member::transport);
  if (knows(Member::source) || knows(Member::dest)) ++(over_ipv6(packet) ? totals_.ipv6 : totals_.ipv4);
  totals_.edns += message.edns.present;
  totals_.dnssec_ok += message.edns.dnssec_ok;
  if (!knows(Member::flags)) return;
  count_flags(message);
}

void Report::count_flags(const dns::Message& message) {
  ++totals_.opcode[message.opcode()];
  totals_.tc += message.truncated();
  totals_.aa += message.authoritative();
  if (message.is_query()) {
    ++totals_.queries;
    totals_.rd_queries += message.recursion_desired();
    totals_.edns_queries += message.edns.present;
    totals_.do_queries += message.edns.dnssec_ok;
    if (!message.has_question()) return;
    ++totals_.qtype_query[message.qtype];
    ++totals_.qclass_query[message.qclass];
  } else {
    ++totals_.responses;
    ++totals_.header_rcode[message.header_rcode()];
    ++totals_.rcode[message.rcode()];
    if (message.has_question()) ++totals_.qtype_response[message.qtype];
  }
}

void Report::count(const Packet& packet) {
  if (!packet.lacks.empty()) [[unlikely]]
    return count_known(packet);
  ++totals_.messages;
  ++totals_.transport[static_cast<std::size_t>(packet.transport)];
  ++(packet.client.v6 ? totals_.ipv6 : totals_.ipv4);
  totals_.edns += packet.message.edns.present;
  totals_.dnssec_ok += packet.message.edns.dnssec_ok;
  count_flags(packet.message);
}

void Report::count_keys(std::span<const Packet> batch) {
  // A group at a time goes three times: the slots of its keys are asked for, then the keys, then it is counted. So the
  // way to memory for one packet is hidden behind the others.
  constexpr std::size_t group_packets = 16;
  std::array<Hashes, group_packets> hashes;
  while (!batch.empty()) {
    const auto group = batch.first(std::min(batch.size(), group_packets));
    batch = batch.subspan(group.size());
    for (std::size_t i = 0; i < group.size(); ++i) hashes[i] = prefetch(group[i]);
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (!group[i].message.is_query()) continue;
      qnames_.prefetch_key(hashes[i].name);
      if (scope_ == ReportScope::all) clients_.prefetch_key(hashes[i].client);
    }
    for (std::size_t i = 0; i < group.size(); ++i) count_keys(group[i], hashes[i]);
  }
}

Report::Hashes Report::prefetch(const Packet& packet) const {
  Hashes hashes;
  const bool query = packet.message.is_query();
  if (query || scope_ == ReportScope::all) hashes.name = name_hash_of(packet);
  if (query) qnames_.prefetch(hashes.name);
  if (scope_ != ReportScope::all) return hashes;
  hashes.client = client_hash_of(packet);
  if (query) clients_.prefetch(hashes.client);
  hashes.pair = Pairing::key_of(packet, hashes.name, hashes.client);
  pairing_.prefetch(hashes.pair);
  return hashes;
}

void Report::count_keys(const Packet& packet, const Hashes& hashes) {
  const bool all = scope_ == ReportScope::all;
  if (all && (packet.lacks & Pairing::needs).empty()) pairing_.add(packet, hashes.pair);
  if (packet.message.is_response() || packet.lacks.has(Member::flags)) return;
  if (all) add_client(packet, hashes.client);
  if (packet.message.has_question()) qnames_.add(hashes.name, packet.qname);
}

void Report::add_client(const Packet& packet, std::uint64_t hash) {
  if (packet.lacks.has(Member::source)) return;
  if (packet.client_text.empty()) return clients_.add(hash, packet.client.bytes());
  party_key(packet.client, packet.client_text, key_);
  clients_.add(hash, key_.octets());
}

WholeReport::WholeReport(std::vector<std::unique_ptr<Report>> shards, std::size_t threads, const DoAll& do_all)
    : qnames_(threads), clients_(threads) {
  do_all(shards.size(), [&](std::size_t shard) { shards[shard]->pairing_.finish(); });
  for (std::unique_ptr<Report>& shard : shards) {
    qnames_.absorb(std::move(shard->qnames_), do_all);
    clients_.absorb(std::move(shard->clients_), do_all);
    if (!sum_) {
      sum_ = std::move(shard);
      continue;
    }
    sum_->totals_ += shard->totals_;
    sum_->pairing_.absorb(shard->pairing_);
    sum_->contents_ += shard->contents_;
    shard.reset();
  }
}

}  // namespace rata::reduce
