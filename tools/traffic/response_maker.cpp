#include "traffic/response_maker.h"

#include <algorithm>
#include <string>

namespace rata::traffic {
namespace {

constexpr std::uint32_t ttl_s = 3600;
constexpr std::uint32_t most_octets_over_udp = 1232;  // what does not fragment: RFC 9715
constexpr std::uint32_t octets_without_edns = 512;    // RFC 1035 section 2.3.4

// Seeds of signatures that are equal in every response.
constexpr std::uint64_t soa_seed = 4242;
constexpr std::uint64_t ns_seed = 77;
constexpr std::uint64_t key_seed = 9000;

}  // namespace

void ResponseMaker::make(const Query& query, Response& response, bool udp) {
  response.message.clear();
  response.message.put_octets(query.message.octets().first(query.question_end));
  response.cut_to_question(query.question_end);
  response.rcode = Rcode::NoError;
  response.authoritative = response.truncated = false;
  put_records(query, response);
  put_opt(query, response);
  const std::uint32_t limit =
      std::min<std::uint32_t>(query.edns ? query.udp_octets : octets_without_edns, most_octets_over_udp);
  if (udp && !query.oversized && response.message.size() > limit) {
    response.truncated = true;
    response.cut_to_question(query.question_end);
    put_opt(query, response);
  }
  response.finish(query.opcode, query.recursion_desired);
}

void ResponseMaker::put_records(const Query& query, Response& response) {
  if (query.oversized) return put_oversized(response);
  if (random_.chance(.001)) {
    response.rcode = Rcode::ServFail;
    return;
  }
  switch (query.kind) {
    case QueryKind::out_of_zone:
      response.rcode = Rcode::Refused;
      return;
    case QueryKind::notify:
      response.rcode = Rcode::NotImp;
      return;
    case QueryKind::chaos:
      return put_version(response);
    case QueryKind::no_such_name:
      response.rcode = Rcode::NXDomain;
      return put_negative(query, response, 2 + query.qname_octets % 2);
    case QueryKind::apex:
      return put_apex(query, response);
    case QueryKind::registered:
      return put_below_tld(query, response);
  }
}

/// A TXT RRset of more than 1,480 octets: two IPv4 packets.
void ResponseMaker::put_oversized(Response& response) {
  constexpr std::uint32_t text_octets = 240;
  response.authoritative = true;
  response.answers = 6 + random_.below(4);
  for (std::uint32_t i = 0; i < response.answers; ++i) {
    const std::uint32_t rdata = response.begin_record(header_octets, type_txt, 300);
    response.message.put8(text_octets);
    for (std::uint32_t j = 0; j < text_octets; ++j) response.message.put8('A' + (i + j) % 26);
    response.end_record(rdata);
  }
}

void ResponseMaker::put_version(Response& response) const {
  response.authoritative = true;
  const std::uint32_t rdata = response.begin_record(header_octets, type_txt, 0);
  response.message.patch16(rdata - 8, class_chaos);
  response.message.put_label("none");  // a character-string has the form of a label
  response.end_record(rdata);
  ++response.answers;
}

/// NXDOMAIN or NODATA: the SOA record, and with DO the proof (RFC 5155 section 7.2).
void ResponseMaker::put_negative(const Query& query, Response& response, std::uint64_t proofs) const {
  response.authoritative = true;
  response.put_soa(query.tld_offset);
  ++response.authorities;
  if (!query.dnssec_ok) return;
  response.put_rrsig(query.tld_offset, type_soa, soa_seed, ecdsa_signature_octets, names_.tld());
  ++response.authorities;
  const std::uint64_t seed = mix(query.domain_hash + query.qname_octets);
  for (std::uint64_t i = 0; i < proofs; ++i) response.put_nsec3(query.tld_offset, mix(seed + i), names_.tld());
}

void ResponseMaker::put_apex(const Query& query, Response& response) const {
  const std::uint32_t tld = query.tld_offset;
  response.authoritative = true;
  switch (query.qtype) {
    case type_ns: {
      const NameServers servers = put_name_servers(response, tld, 0x1040000000, response.answers);
      if (query.dnssec_ok) {
        response.put_rrsig(tld, type_ns, ns_seed, ecdsa_signature_octets, names_.tld());
        ++response.answers;
      }
      return put_glue(response, servers);
    }
    case type_soa:
      response.put_soa(tld);
      ++response.answers;
      if (query.dnssec_ok) {
        response.put_rrsig(tld, type_soa, soa_seed, ecdsa_signature_octets, names_.tld());
        ++response.answers;
      }
      return;
    case type_dnskey:
      return put_keys(query, response);
    default:
      return put_negative(query, response, 1);
  }
}

/// Two keys that sign keys and one that signs the rest, in RSA's size: the largest ordinary response.
void ResponseMaker::put_keys(const Query& query, Response& response) const {
  constexpr std::uint32_t key_octets = 260;
  constexpr std::uint32_t signature_octets = 256;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::uint32_t rdata = response.begin_record(query.tld_offset, type_dnskey, ttl_s);
    response.message.put16(i < 2 ? 257 : 256);  // flags: with and without SEP (RFC 4034 section 2.1.1)
    response.message.put8(3);                   // protocol
    response.message.put8(8);                   // RSA with SHA-256
    response.message.put_scattered(key_seed + i, key_octets);
    response.end_record(rdata);
    ++response.answers;
  }
  if (!query.dnssec_ok) return;
  response.put_rrsig(query.tld_offset, type_dnskey, 88, signature_octets, names_.tld());
  response.put_rrsig(query.tld_offset, type_dnskey, 89, signature_octets, names_.tld());
  response.answers += 2;
}

/// One delegation in five is signed. DS at the delegated name itself is ours to answer (RFC 4035 section 3.1.4.1).
void ResponseMaker::put_below_tld(const Query& query, Response& response) const {
  const bool is_signed = query.domain_hash % 100 < 20;
  const bool at_delegation = query.domain_offset == header_octets;
  if (query.qtype != type_ds || !at_delegation) return put_referral(query, response);
  if (!is_signed) return put_negative(query, response, 1);
  response.authoritative = true;
  put_ds(query, response);
  ++response.answers;
  if (query.dnssec_ok) {
    response.put_rrsig(query.domain_offset, type_ds, query.domain_hash, ecdsa_signature_octets, names_.tld());
    ++response.answers;
  }
}

void ResponseMaker::put_ds(const Query& query, Response& response) const {
  const std::uint32_t rdata = response.begin_record(query.domain_offset, type_ds, ttl_s);
  response.message.put16(static_cast<std::uint32_t>(query.domain_hash & 0xffff));  // key tag
  response.message.put8(13);                                                       // ECDSA P-256
  response.message.put8(2);                                                        // SHA-256
  response.message.put_scattered(query.domain_hash, 32);
  response.end_record(rdata);
}

/// NS records and glue; with DO, the DS record or the proof that there is none.
void ResponseMaker::put_referral(const Query& query, Response& response) const {
  const NameServers servers =
      put_name_servers(response, query.domain_offset, mix(query.domain_hash + 3), response.authorities);
  if (query.dnssec_ok) {
    if (query.domain_hash % 100 < 20) {
      put_ds(query, response);
      response.put_rrsig(query.domain_offset, type_ds, query.domain_hash, ecdsa_signature_octets, names_.tld());
      response.authorities += 2;
    } else {
      response.put_nsec3(query.tld_offset, query.domain_hash, names_.tld());
    }
  }
  put_glue(response, servers);
}

ResponseMaker::NameServers ResponseMaker::put_name_servers(Response& response, std::uint32_t owner, std::uint64_t hash,
                                                           std::uint32_t& section_count) const {
  Message& message = response.message;
  NameServers servers;
  servers.hash = hash;
  servers.count = 2 + (hash % 10 < 3 ? 1U : 0U) + (hash % 10 < 1 ? 1U : 0U);
  servers.in_zone = (hash >> 8) % 2 == 0;
  std::uint32_t provider_offset = 0;
  for (std::uint32_t i = 0; i < servers.count; ++i) {
    const std::uint32_t rdata = response.begin_record(owner, type_ns, ttl_s);
    servers.offset[i] = rdata;
    message.put_label("ns" + std::to_string(i + 1));
    if (servers.in_zone) {
      message.put_pointer(owner);
    } else if (i > 0) {
      message.put_pointer(provider_offset);
    } else {
      provider_offset = message.size();
      message.put_label(names_.provider(hash >> 16));
      message.put_label((hash >> 24) % 3 != 0 ? "com" : "net");
      message.put8(0);
    }
    response.end_record(rdata);
    ++section_count;
  }
  return servers;
}

void ResponseMaker::put_glue(Response& response, const NameServers& servers) const {
  if (!servers.in_zone) return;
  for (std::uint32_t i = 0; i < servers.count; ++i) {
    std::uint32_t rdata = response.begin_record(servers.offset[i], type_a, ttl_s);
    response.message.put32(0xc8000000U | static_cast<std::uint32_t>(mix(servers.hash + i) & 0xffffff));
    response.end_record(rdata);
    ++response.additionals;
    if ((servers.hash >> 30) % 2 == 0) continue;
    rdata = response.begin_record(servers.offset[i], type_aaaa, ttl_s);
    response.message.put32(0x28000000);
    response.message.put_scattered(servers.hash + i, 12);
    response.end_record(rdata);
    ++response.additionals;
  }
}

/// To whoever sent one (RFC 6891 section 6.1.1).
void ResponseMaker::put_opt(const Query& query, Response& response) const {
  if (!query.edns) return;
  Message& message = response.message;
  message.put8(0);
  message.put16(type_opt);
  message.put16(most_octets_over_udp);
  message.put32(query.dnssec_ok ? edns_do : 0);
  const std::uint32_t length_at = message.size();
  message.put16(0);
  if (query.has_cookie) {
    message.put16(edns_cookie);
    message.put16(24);
    message.put_scattered(query.cookie, 8);
    message.put_scattered(query.cookie + 1, 16);
  }
  if (query.has_nsid) {
    message.put16(edns_nsid);
    message.put16(8);
    message.put_text("scl1.nic");
  }
  message.patch16(length_at, message.size() - length_at - 2);
  ++response.additionals;
}

}  // namespace rata::traffic
