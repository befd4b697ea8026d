#include "traffic/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace rata::traffic {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t top_rows = 20;

/// Seconds. A double is off by less than 0.2 microseconds.
double seconds(std::uint64_t stamp_ns) {
  return std::stod(fmt::format("{}.{:09}", stamp_ns / 1'000'000'000, stamp_ns % 1'000'000'000));
}

Json options_in_force(const Options& options) {
  Json json = {{"seed", options.seed},
               {"packets", options.packets == unlimited ? Json() : Json(options.packets)},
               {"queries", options.queries},
               {"qps", options.qps},
               {"start", options.start_s},
               {"nano", options.nano},
               {"clients", options.clients},
               {"names", options.names},
               {"tld", options.tld},
               {"zipf_clients", options.zipf_clients},
               {"zipf_names", options.zipf_names},
               {"victims", options.victims},
               {"v6", options.v6},
               {"tcp", options.tcp},
               {"junk", options.junk},
               {"mixed_case", options.mixed_case},
               {"edns", options.edns},
               {"do", options.dnssec_ok},
               {"rd", options.recursion_desired},
               {"unanswered", options.unanswered},
               {"malformed", options.malformed},
               {"frag", options.frag},
               {"noise", options.noise},
               {"weird", options.weird},
               {"latency_us", options.latency_us},
               {"latency_sigma", options.latency_sigma}};
  json["attack"] = {options.attack.begin_s, options.attack.end_s, options.attack.share};
  const AttackCycle& cycle = options.attack_cycle;
  if (cycle.period_s > 0) json["attack_cycle"] = {cycle.period_s, cycle.length_s, cycle.share, cycle.rate_factor};
  if (options.sway > 0) json["sway"] = options.sway;
  if (options.seconds > 0) json["seconds"] = options.seconds;
  if (options.real_time) json["realtime"] = true;
  return json;
}

Json by_transport_and_family(const Truth::ByTransportAndFamily& counts) {
  const auto& [udp, tcp] = counts;
  return {{"total", udp[0] + udp[1] + tcp[0] + tcp[1]},
          {"udp", udp[0] + udp[1]},
          {"tcp", tcp[0] + tcp[1]},
          {"v4", udp[0] + tcp[0]},
          {"v6", udp[1] + tcp[1]}};
}

Json by_code(const CodeCounts& counts) {
  Json json = Json::object();
  for (const auto& [code, count] : counts.sorted()) json[std::to_string(code)] = count;
  return json;
}

/// What went wrong on purpose, and what is no DNS.
void put_oddities(Json& json, const Truth& truth) {
  const auto& bad = truth.malformed;
  json["malformed"] = {{"total", std::accumulate(bad.begin(), bad.end(), std::uint64_t{0})},
                       {"trunc_header", bad[0]},
                       {"comp_loop", bad[1]},
                       {"label_overrun", bad[2]},
                       {"cut_question", bad[3]}};
  json["fragments"] = {{"datagrams", truth.fragments.datagrams},
                       {"packets", truth.fragments.packets},
                       {"reversed", truth.fragments.reversed}};
  json["tcp"] = {{"connections", truth.tcp.connections},
                 {"packets", truth.tcp.packets},
                 {"split_queries", truth.tcp.split_queries},
                 {"split_responses", truth.tcp.split_responses},
                 {"two_query", truth.tcp.two_queries}};
  json["noise"] = {{"icmp_echo", truth.noise.icmp_echo},
                   {"icmp_unreach", truth.noise.icmp_unreachable},
                   {"ntp", truth.noise.ntp},
                   {"arp", truth.noise.arp}};
}

Json name_sorts(const Truth& truth) {
  const Truth::Sorts& sorts = truth.sorts;
  return {{"distinct", truth.names.distinct()},
          {"junk", sorts.junk},
          {"underscore", sorts.underscore},
          {"idn", sorts.idn},
          {"mixed_case", sorts.mixed_case},
          {"weird", sorts.weird},
          {"root_servers", sorts.root_servers},
          {"localhost", sorts.localhost},
          {"in_addr_arpa", sorts.in_addr_arpa},
          {"ip6_arpa", sorts.ip6_arpa},
          {"root", sorts.root}};
}

/// Presentation form (RFC 1035 section 5.1) without the last dot.
std::string name_text(std::span<const std::uint8_t> wire_name) {
  constexpr std::string_view escaped = "\".;\\@()$";
  std::string result;
  for (std::size_t i = 0; wire_name[i] != 0;) {
    if (!result.empty()) result += '.';
    const std::size_t end = i + 1 + wire_name[i];
    for (++i; i < end; ++i) {
      const std::uint8_t octet = wire_name[i];
      const char character = static_cast<char>(octet);
      if (octet <= ' ' || octet >= 0x7f || escaped.find(character) != std::string_view::npos) {
        result += fmt::format("\\{:03}", octet);
      } else {
        result += character;
      }
    }
  }
  return result.empty() ? "." : result;
}

Json top_names(const NameCounts& names) {
  Json json = Json::array();
  for (const auto& entry : names.top(top_rows)) json.push_back({name_text(names.name(entry)), entry.count});
  return json;
}

struct ClientCount {
  std::uint64_t count;
  bool v6;
  std::uint32_t index;
};

std::vector<ClientCount> clients_seen(const Truth& truth) {
  std::vector<ClientCount> seen;
  for (const bool v6 : {false, true}) {
    const auto& counts = truth.clients[v6 ? 1 : 0];
    for (std::uint32_t i = 0; i < counts.size(); ++i) {
      if (counts[i] != 0) seen.push_back({counts[i], v6, i});
    }
  }
  return seen;
}

/// Among equals IPv4 comes first, then the more popular by design.
Json top_clients(std::vector<ClientCount> seen, const Addresses& addresses) {
  const auto before = [](const ClientCount& a, const ClientCount& b) {
    if (a.count != b.count) return a.count > b.count;
    return a.v6 != b.v6 ? b.v6 : a.index < b.index;
  };
  const std::size_t rows = std::min(top_rows, seen.size());
  std::partial_sort(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(rows), seen.end(), before);
  Json json = Json::array();
  for (std::size_t i = 0; i < rows; ++i) {
    json.push_back({text(addresses.clients(seen[i].v6)[seen[i].index], seen[i].v6), seen[i].count});
  }
  return json;
}

Json latency(std::vector<std::uint32_t> values_ns) {
  if (values_ns.empty()) return {{"count", 0}, {"mean", 0.0}, {"p50", 0}, {"p90", 0}, {"p99", 0}, {"max", 0}};
  const double sum = std::accumulate(values_ns.begin(), values_ns.end(), 0.0);
  const double mean = std::stod(fmt::format("{:.1f}", sum / static_cast<double>(values_ns.size())));
  const auto quantile = [&values_ns](double share) {
    const auto wanted = static_cast<std::size_t>(share * static_cast<double>(values_ns.size()));
    const auto at = values_ns.begin() + static_cast<std::ptrdiff_t>(std::min(values_ns.size() - 1, wanted));
    std::nth_element(values_ns.begin(), at, values_ns.end());
    return *at;
  };
  return {{"count", values_ns.size()}, {"mean", mean},         {"p50", quantile(.5)},
          {"p90", quantile(.9)},       {"p99", quantile(.99)}, {"max", quantile(1)}};
}

}  // namespace

Json manifest(const Options& options, const PcapWriter& writer, const Addresses& addresses, const Truth& truth) {
  Json json;
  json["options"] = options_in_force(options);
  json["packets"] = writer.packets();
  json["bytes"] = writer.octets();
  json["first_ts"] = seconds(writer.first_ns());
  json["last_ts"] = seconds(writer.last_ns());
  json["queries"] = by_transport_and_family(truth.queries);
  json["responses"] = by_transport_and_family(truth.responses);
  json["responses"]["no_question"] = truth.responses_without_question;
  json["qtype"] = by_code(truth.qtype);
  json["qclass"] = by_code(truth.qclass);
  json["opcode"] = by_code(truth.opcode);
  json["rcode"] = by_code(truth.rcode);
  json["edns_bufsize"] = by_code(truth.udp_octets);
  json["response_tc"] = truth.truncated_responses;
  json["response_aa"] = truth.authoritative_responses;
  json["query_edns"] = truth.edns;
  json["query_do"] = truth.dnssec_ok;
  json["query_rd"] = truth.recursion_desired;
  json["query_cookie"] = truth.cookie;
  json["query_nsid"] = truth.nsid;
  json["query_ecs"] = truth.client_subnet;
  json["unanswered"] = truth.unanswered;
  put_oddities(json, truth);
  json["names"] = name_sorts(truth);
  json["qname_bytes"] = truth.qname_octets;
  std::vector<ClientCount> seen = clients_seen(truth);
  json["clients"] = {{"distinct", seen.size()}};
  json["top_qnames"] = top_names(truth.names);
  json["top_clients"] = top_clients(std::move(seen), addresses);
  json["latency_udp_ns"] = latency(truth.latencies_ns);
  return json;
}

}  // namespace rata::traffic
