#include "traffic/query_maker.h"

#include <array>
#include <string_view>

namespace rata::traffic {
namespace {

// Percent of the queries of a TLD's server.
constexpr std::array<std::uint16_t, 12> qtype_values = {type_a,     type_aaaa,   type_ns,  type_mx,
                                                        type_txt,   type_ds,     type_soa, type_ptr,
                                                        type_https, type_dnskey, type_any, type_srv};
constexpr std::array<double, 12> qtype_weights = {52, 22, 4, 5, 4, 4, 2, 2, 3, 1, .5, .5};

// What stands before the registered name in queries for addresses. "#" is hostN, "##" two labels, srvN.dcN.
constexpr std::array<std::string_view, 12> host_values = {"",  "www", "mail", "ns1",          "ns2", "api",
                                                          "m", "cdn", "ftp",  "autodiscover", "#",   "##"};
constexpr std::array<double, 12> host_weights = {42, 32, 5, 3, 2, 3, 2, 1.5, 1, 1.5, 4, 3};

// Rare queries, as shares of all but the oversized ones: NOTIFY below the first, version.bind below the second, and
// queries for the root below the third.
constexpr double notify_below = .0005;
constexpr double chaos_below = .0008;
constexpr double rare_share = .0013;

bool is_address_type(std::uint16_t qtype) { return qtype == type_a || qtype == type_aaaa; }

}  // namespace

QueryMaker::QueryMaker(const Options& options, const Names& names, Random& random, Truth& truth)
    : options_(options), names_(names), random_(random), truth_(truth), qtypes_(qtype_weights), hosts_(host_weights) {}

void QueryMaker::make(Query& query, const Moment& moment, Size size) {
  query.message.clear();
  draw_fields(query, size);
  put_header(query);
  put_qname(query, moment);
  query.qname_octets = query.message.size() - header_octets;
  const std::span<std::uint8_t> name = query.message.octets().subspan(header_octets);
  truth_.count_name(name);  // all letters are still lower case
  if (random_.chance(options_.mixed_case)) mix_case(name);
  query.message.put16(query.qtype);
  query.message.put16(query.qclass);
  query.question_end = query.message.size();
  query.message.patch16(2, static_cast<std::uint32_t>(query.opcode) << opcode_shift |
                               (query.recursion_desired ? flag_rd : 0) | (query.opcode == opcode_notify ? flag_aa : 0));
  if (query.edns) put_edns(query);
  truth_.count_query(query);
}

void QueryMaker::draw_fields(Query& query, Size size) {
  const bool oversized = size == Size::oversized;
  query.oversized = oversized;
  query.kind = QueryKind::registered;
  query.qclass = class_in;
  query.opcode = 0;
  query.qtype = qtype_values[qtypes_.draw(random_)];
  query.edns = oversized || random_.chance(options_.edns);
  query.dnssec_ok = query.edns && (oversized || random_.chance(options_.dnssec_ok));
  query.recursion_desired = random_.chance(options_.recursion_desired);
  const double octets = random_.uniform();
  query.udp_octets = oversized || (octets >= .65 && octets < .90) ? 4096 : octets < .65 ? 1232 : 512;
  query.has_cookie = query.edns && random_.chance(.15);
  query.has_nsid = query.edns && random_.chance(.02);
  query.has_client_subnet = query.edns && random_.chance(.03);
}

void QueryMaker::put_header(Query& query) {
  Message& message = query.message;
  message.put16(random_.next16());
  message.put16(0);  // flags: the kind of query decides
  message.put16(1);
  message.put16(0);
  message.put16(0);
  message.put16(query.edns ? 1 : 0);
}

void QueryMaker::put_qname(Query& query, const Moment& moment) {
  query.domain_offset = query.tld_offset = header_octets;
  query.domain_hash = 0;
  const double which = random_.uniform();
  if (query.oversized) {
    put_registered(query);
  } else if (which < rare_share) {
    put_rare(query, which);
  } else if (which < rare_share + options_.weird) {
    put_weird(query);
  } else if (query.qtype == type_ptr && random_.chance(.6)) {
    put_reverse(query);
  } else if (is_address_type(query.qtype) && random_.chance(.003)) {
    put_stray_host(query);
  } else if (asks_for_apex(query.qtype)) {
    put_apex(query);
  } else if (random_.chance(moment.junk_share)) {
    put_junk(query, moment.attack);
  } else {
    put_usual(query);
  }
}

bool QueryMaker::asks_for_apex(std::uint16_t qtype) {
  switch (qtype) {
    case type_dnskey:
      return random_.chance(.8);
    case type_soa:
      return random_.chance(.3);
    case type_ns:
      return random_.chance(.1);
    default:
      return false;
  }
}

/// NOTIFY, version.bind or the root: `which` is even over [0, rare_share).
void QueryMaker::put_rare(Query& query, double which) {
  if (which < notify_below) {
    query.opcode = opcode_notify;
    query.kind = QueryKind::notify;
    query.qtype = type_soa;
    put_registered(query);
  } else if (which < chaos_below) {
    query.kind = QueryKind::chaos;
    query.qclass = class_chaos;
    query.qtype = type_txt;
    query.message.put_label("version");
    query.message.put_label("bind");
    query.message.put8(0);
  } else {
    query.kind = QueryKind::out_of_zone;
    query.qtype = type_ns;
    query.message.put8(0);
    ++truth_.sorts.root;
  }
}

/// Octets that break a program that takes names for text.
void QueryMaker::put_weird(Query& query) {
  static constexpr std::array<std::uint8_t, 16> odd = {0,    ' ',  '"',  '\\', '<',  '>',  '&', '.',
                                                       0x7f, 0x80, 0xc3, 0xff, '\n', '\'', ';', '@'};
  query.kind = QueryKind::no_such_name;
  const std::uint32_t size = 3 + random_.below(8);
  query.message.put8(size);
  for (std::uint32_t i = 0; i < size; ++i) {
    query.message.put8(i % 2 != 0 ? odd[random_.below(16)] : 'a' + random_.below(26));
  }
  put_tld(query);
  ++truth_.sorts.weird;
}

/// An address's name, of which the TLD's server knows nothing.
void QueryMaker::put_reverse(Query& query) {
  Message& message = query.message;
  query.kind = QueryKind::out_of_zone;
  if (random_.chance(.75)) {
    for (int i = 0; i < 4; ++i) message.put_label(std::to_string(random_.below(256)));
    message.put_label("in-addr");
    ++truth_.sorts.in_addr_arpa;
  } else {
    constexpr std::string_view digits = "0123456789abcdef";
    for (int i = 0; i < 32; ++i) message.put_label(digits.substr(random_.below(16), 1));
    message.put_label("ip6");
    ++truth_.sorts.ip6_arpa;
  }
  message.put_label("arpa");
  message.put8(0);
}

void QueryMaker::put_stray_host(Query& query) {
  Message& message = query.message;
  query.kind = QueryKind::out_of_zone;
  if (random_.chance(.6)) {
    constexpr std::string_view letters = "abcdefghijklm";
    message.put_label(letters.substr(random_.below(13), 1));
    message.put_label("root-servers");
    message.put_label("net");
    ++truth_.sorts.root_servers;
  } else {
    message.put_label("localhost");
    ++truth_.sorts.localhost;
  }
  message.put8(0);
}

/// Half of it, and all during an attack, is random subdomains of a victim.
void QueryMaker::put_junk(Query& query, bool attack) {
  Message& message = query.message;
  query.kind = QueryKind::no_such_name;
  ++truth_.sorts.junk;
  if (attack || random_.chance(.5)) {
    message.put_label(random_label(8, 14));
    query.domain_offset = message.size();
    const std::size_t victim = attack ? 0 : random_.below(static_cast<std::uint32_t>(names_.victims().size()));
    message.put_label(names_.victims()[victim]);
  } else {
    if (random_.chance(.3)) message.put_label("www");
    query.domain_offset = message.size();
    message.put_label(random_label(5, 12));
  }
  put_tld(query);
}

void QueryMaker::put_usual(Query& query) {
  const std::uint16_t qtype = query.qtype;
  if (qtype == type_srv ? random_.chance(.5) : qtype == type_txt && random_.chance(.08)) {
    put_underscore(query);
  } else if (is_address_type(qtype) || qtype == type_https || qtype == type_ptr) {
    put_host(query);
  }
  put_registered(query);
}

/// Names that stand for a service (RFC 8552).
void QueryMaker::put_underscore(Query& query) {
  ++truth_.sorts.underscore;
  if (query.qtype == type_srv) {
    query.message.put_label(random_.chance(.5) ? "_sip" : "_ldap");
    query.message.put_label("_tcp");
  } else {
    query.message.put_label(random_.chance(.7) ? "_dmarc" : "_acme-challenge");
  }
}

void QueryMaker::put_host(Query& query) {
  Message& message = query.message;
  const std::string_view host = host_values[hosts_.draw(random_)];
  if (host == "##") {
    message.put_label("srv" + std::to_string(random_.below(40)));
    message.put_label("dc" + std::to_string(random_.below(4)));
  } else if (host == "#") {
    message.put_label("host" + std::to_string(random_.below(400)));
  } else if (!host.empty()) {
    message.put_label(host);
  }
}

void QueryMaker::put_apex(Query& query) {
  query.kind = QueryKind::apex;
  query.domain_offset = query.message.size();
  put_tld(query);
}

void QueryMaker::put_registered(Query& query) {
  const std::uint32_t rank = names_.draw(random_);
  const std::string_view label = names_.registered(rank);
  query.domain_hash = mix(rank + 5ULL);
  query.domain_offset = query.message.size();
  query.message.put_label(label);
  put_tld(query);
  truth_.sorts.idn += label.size() > 4 && label.starts_with("xn--");
}

void QueryMaker::put_tld(Query& query) {
  query.tld_offset = query.message.size();
  query.message.put_label(names_.tld());
  query.message.put8(0);
}

/// Label by label, so that a length octet is never touched. Source: draft-vixie-dnsext-dns0x20.
void QueryMaker::mix_case(std::span<std::uint8_t> name) {
  std::uint64_t bits = random_.next();
  bool changed = false;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t end = i + 1 + name[i];
    for (++i; i < end; ++i) {
      if (name[i] < 'a' || name[i] > 'z') continue;
      if ((bits & 1) != 0) {
        name[i] = static_cast<std::uint8_t>(name[i] - 32);
        changed = true;
      }
      bits = bits >> 1 | bits << 63;
    }
  }
  truth_.sorts.mixed_case += changed;
}

/// The OPT record (RFC 6891 section 6.1.2).
void QueryMaker::put_edns(Query& query) {
  Message& message = query.message;
  message.put8(0);
  message.put16(type_opt);
  message.put16(query.udp_octets);
  message.put32(query.dnssec_ok ? edns_do : 0);
  const std::uint32_t length_at = message.size();
  message.put16(0);
  if (query.has_cookie) {
    query.cookie = random_.next();
    message.put16(edns_cookie);
    message.put16(8);
    message.put_scattered(query.cookie, 8);
  }
  if (query.has_nsid) {
    message.put16(edns_nsid);
    message.put16(0);
  }
  if (query.has_client_subnet) {  // an IPv4 /24
    message.put16(edns_client_subnet);
    message.put16(7);
    message.put16(1);
    message.put8(24);
    message.put8(0);
    message.put8(60 + random_.below(60));
    message.put8(random_.below(256));
    message.put8(random_.below(256));
  }
  message.patch16(length_at, message.size() - length_at - 2);
}

std::string QueryMaker::random_label(std::uint32_t least, std::uint32_t most) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string label(least + random_.below(most - least + 1), 'a');
  for (char& c : label) c = alphabet[random_.below(36)];
  return label;
}

}  // namespace rata::traffic
