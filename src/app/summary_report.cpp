#include "app/summary_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "dns/codes.h"
#include "dns/edns_options.h"
#include "dns/name.h"
#include "util/rr_types.h"

namespace rata::app {
namespace {

using nlohmann::ordered_json;
using reduce::KeyParts;
using reduce::Report;
using reduce::WholeReport;

constexpr std::size_t top_rows = 20;

/// Lower case, without the final dot; the root is ".".
std::string bare_name(std::span<const std::uint8_t> wire) {
  std::string text = dns::name_text(wire);
  if (text.size() > 1) text.pop_back();
  return text;
}

std::string rr_type_name(std::size_t code) { return util::rr_type_text(static_cast<std::uint16_t>(code)); }
std::string class_name(std::size_t code) { return dns::class_text(static_cast<std::uint16_t>(code)); }
std::string rcode_name(std::size_t code) { return dns::rcode_text(static_cast<std::uint16_t>(code)); }
std::string opcode_name(std::size_t code) { return dns::opcode_text(static_cast<std::uint8_t>(code)); }

std::string ede_name(std::uint16_t code) { return fmt::format("{} {}", code, dns::ede_text(code)); }

struct Row {
  std::string key;
  std::uint64_t count;
};

/// The counts that are not zero, largest first.
std::vector<Row> rows_of(std::span<const std::uint64_t> counts, std::string (*name)(std::size_t)) {
  std::vector<Row> rows;
  for (std::size_t code = 0; code < counts.size(); ++code)
    if (counts[code] != 0) rows.push_back({name(code), counts[code]});
  std::ranges::stable_sort(rows, std::ranges::greater{}, &Row::count);
  return rows;
}

ordered_json rows_json(const std::vector<Row>& rows) {
  ordered_json object = ordered_json::object();
  for (const Row& row : rows) object[row.key] = row.count;
  return object;
}

ordered_json counts_json(std::span<const std::uint64_t> counts, std::string (*name)(std::size_t)) {
  return rows_json(rows_of(counts, name));
}

/// The same, each code under its mnemonic.
template <typename Name>
std::vector<Row> rows_of(const reduce::CodeCounts& counts, Name name) {
  std::vector<Row> rows;
  for (const auto& [code, count] : counts.rows()) rows.push_back({name(code), count});
  std::ranges::stable_sort(rows, std::ranges::greater{}, &Row::count);
  return rows;
}

std::vector<Row> rows_of_kinds(const reduce::Contents& contents) {
  return rows_of(contents.kinds,
                 [](std::size_t kind) { return std::string(dns::name(static_cast<dns::ResponseKind>(kind))); });
}

ordered_json top_json(const KeyParts& table, std::string (*text)(std::span<const std::uint8_t>)) {
  ordered_json list = ordered_json::array();
  for (const reduce::KeyTable::Ranked& row : table.top(top_rows, text)) list.push_back({row.text, row.count});
  return list;
}

/// Milliseconds of a quantile, with the three decimals that microsecond stamps have.
double milliseconds(double ns) { return std::round(ns / 1e3) / 1e3; }

ordered_json latency_json(const util::LogHistogram& latency) {
  return {{"count", latency.count()},
          {"p50", milliseconds(latency.quantile(0.5))},
          {"p90", milliseconds(latency.quantile(0.9))},
          {"p99", milliseconds(latency.quantile(0.99))},
          {"max", milliseconds(static_cast<double>(latency.max()))}};
}

/// What every scope has.
ordered_json totals_json(const Report::Totals& totals, const pipeline::Books& books) {
  ordered_json dns = {
      {"messages", totals.messages},
      {"queries", totals.queries},
      {"responses", totals.responses},
      {"udp", totals.transport[0]},
      {"tcp", totals.transport[1]},
      {"ipv4", totals.ipv4},
      {"ipv6", totals.ipv6},
      {"tc", totals.tc},
      {"aa", totals.aa},
      {"rd_queries", totals.rd_queries},
      {"edns", totals.edns},
      {"do", totals.dnssec_ok},
      {"edns_queries", totals.edns_queries},
      {"do_queries", totals.do_queries},
      {"opcode", counts_json(totals.opcode, opcode_name)},
      {"qtype_query", counts_json(totals.qtype_query, rr_type_name)},
      {"qtype_response", counts_json(totals.qtype_response, rr_type_name)},
      {"qclass_query", counts_json(totals.qclass_query, class_name)},
      {"rcode", counts_json(totals.header_rcode, rcode_name)},
      {"rcode_full", counts_json(totals.rcode, rcode_name)},
      {"in_icmp", books.outcomes[static_cast<std::size_t>(decode::Outcome::dns_in_icmp)]},
  };
  // What only dnstap can tell.
  for (std::size_t i = 2; i < totals.transport.size(); ++i)
    if (totals.transport[i] != 0) dns[std::string(util::name(static_cast<util::Transport>(i)))] = totals.transport[i];
  return dns;
}

/// What lies behind the first question.
void add_contents(const reduce::Contents& contents, ordered_json& dns) {
  const auto number = [](std::uint16_t code) { return std::to_string(code); };
  dns["qdcount_not_1"] = rows_json(rows_of(contents.qdcount_not_1, number));
  dns["edns_option"] = rows_json(rows_of(contents.edns_options, number));
  dns["ede"] = rows_json(rows_of(contents.ede, number));
  dns["rr_types"] = rows_json(rows_of(contents.rr_types, util::rr_type_text));
  dns["kind"] = rows_json(rows_of_kinds(contents));
}

ordered_json dns_json(const CaptureSummary& summary) {
  const WholeReport& report = summary.report;
  const bool all = summary.scope == reduce::ReportScope::all;
  ordered_json dns = totals_json(report.totals(), summary.books);
  if (summary.scope == reduce::ReportScope::counts) return dns;
  if (all) add_contents(report.contents(), dns);
  // The errors are zero unless a table came to its bound: then a name (client) may have had this many more queries.
  dns["distinct_qnames"] = report.qnames().size() + report.qnames().dropped_keys();
  dns["top_qnames"] = top_json(report.qnames(), bare_name);
  if (all) dns["top_clients"] = top_json(report.clients(), reduce::party_text);
  dns["top_qnames_error"] = report.qnames().error();
  if (all) dns["top_clients_error"] = report.clients().error();
  return dns;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "" : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void append_rows(std::string& text, const std::string& title, const std::vector<Row>& rows, std::uint64_t whole,
                 std::size_t limit) {
  if (rows.empty()) return;
  text += fmt::format("\n{}\n", title);
  for (std::size_t i = 0; i < std::min(limit, rows.size()); ++i)
    text += fmt::format("  {:>12}  {:>7}  {}\n", rows[i].count, percent(rows[i].count, whole), rows[i].key);
  if (rows.size() > limit) text += fmt::format("  {:>12}  {} more\n", "", rows.size() - limit);
}

std::vector<Row> top_of(const KeyParts& table, std::string (*text)(std::span<const std::uint8_t>), std::size_t limit) {
  std::vector<Row> rows;
  for (const reduce::KeyTable::Ranked& row : table.top(limit, text)) rows.push_back({row.text, row.count});
  return rows;
}

std::string latency_text(const char* transport, const util::LogHistogram& latency) {
  if (latency.count() == 0) return "";
  return fmt::format("{}  p50 {} ms, p90 {} ms, p99 {} ms, max {} ms ({} pairs)\n", transport,
                     milliseconds(latency.quantile(0.5)), milliseconds(latency.quantile(0.9)),
                     milliseconds(latency.quantile(0.99)), milliseconds(static_cast<double>(latency.max())),
                     latency.count());
}

std::string transports_text(const Report::Totals& totals) {
  std::string text = fmt::format("UDP {}, TCP {}", totals.transport[0], totals.transport[1]);
  for (std::size_t i = 2; i < totals.transport.size(); ++i)
    if (totals.transport[i] != 0)
      text += fmt::format(", {} {}", util::name(static_cast<util::Transport>(i)), totals.transport[i]);
  return text;
}

std::string header_text(const CaptureSummary& summary) {
  const CaptureFacts& facts = summary.facts;
  std::vector<std::string> links;
  for (const capture::LinkType type : facts.link_types) links.push_back(link_type_text(type));
  std::string text = fmt::format("{}\n{} packets, {} octets{}{}\n", fmt::join(summary.files, " "), facts.packets,
                                 facts.octets, links.empty() ? "" : ", ", fmt::join(links, ", "));
  double seconds = 0;
  if (facts.first) {
    const util::Time first = std::max(*facts.first, summary.from.value_or(*facts.first));
    const util::Time last = std::min(*facts.last, summary.to.value_or(*facts.last));
    seconds = std::max(0.0, util::seconds_between(first, last));
    text += fmt::format("from {} to {} ({:.3f} s)\n", util::utc_text(first), util::utc_text(last), seconds);
  } else if (facts.packets != 0) {
    text += "no message has a time\n";
  }
  const Report::Totals& totals = summary.report.totals();
  text += fmt::format("\nqueries    {:>12}", totals.queries);
  if (seconds > 0) text += fmt::format("  {:.1f}/s", static_cast<double>(totals.queries) / seconds);
  text += fmt::format("\nresponses  {:>12}", totals.responses);
  if (seconds > 0) text += fmt::format("  {:.1f}/s", static_cast<double>(totals.responses) / seconds);
  return text + "\n";
}

}  // namespace

std::string summary_json(const CaptureSummary& summary) {
  const CaptureFacts& facts = summary.facts;
  ordered_json json;
  if (summary.files.size() == 1)
    json["file"] = summary.files.front();
  else
    json["file"] = summary.files;
  json["packets"] = facts.packets;
  json["bytes"] = facts.octets;
  json["first"] = facts.first ? ordered_json(util::text(*facts.first)) : ordered_json();
  json["last"] = facts.last ? ordered_json(util::text(*facts.last)) : ordered_json();
  json["link_types"] = ordered_json::array();
  for (const capture::LinkType type : facts.link_types) json["link_types"].push_back(link_type_text(type));
  json["dns"] = dns_json(summary);
  if (summary.scope == reduce::ReportScope::all) {
    const reduce::Pairing& pairing = summary.report.pairing();
    json["unanswered"] = pairing.unanswered();
    json["unasked"] = pairing.unasked();
    json["late"] = pairing.late();
    json["retried"] = pairing.retried();
    json["latency_ms"] = latency_json(pairing.latency_udp());
    json["latency_tcp_ms"] = latency_json(pairing.latency_tcp());
  }
  json["malformed"] = pipeline::malformed_json(summary.books);
  json["broken_records"] = summary.books.broken_records;
  json["balance"] = pipeline::balance_json(summary.books);
  // A file's name may hold any octets: what is not UTF-8 is replaced.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

std::string summary_text(const CaptureSummary& summary) {
  const WholeReport& report = summary.report;
  const Report::Totals& totals = report.totals();
  std::string text = header_text(summary);
  text += fmt::format("{}; IPv4 {}, IPv6 {}; EDNS {}, DO {}, TC {}\n", transports_text(totals), totals.ipv4,
                      totals.ipv6, totals.edns, totals.dnssec_ok, totals.tc);
  if (summary.scope == reduce::ReportScope::all) {
    const reduce::Pairing& pairing = report.pairing();
    text += fmt::format("unanswered {:>12}  {}\n", pairing.unanswered(), percent(pairing.unanswered(), totals.queries));
    if (pairing.late() + pairing.retried() + pairing.unasked() > 0)
      text += fmt::format("late {}, unasked {}, retried {}\n", pairing.late(), pairing.unasked(), pairing.retried());
    text += latency_text("latency UDP", pairing.latency_udp());
    text += latency_text("latency TCP", pairing.latency_tcp());
  }
  append_rows(text, "responses by RCODE", rows_of(totals.rcode, rcode_name), totals.responses, 10);
  if (summary.scope == reduce::ReportScope::all)
    append_rows(text, "responses by kind", rows_of_kinds(report.contents()), totals.responses, 10);
  append_rows(text, "queries by type", rows_of(totals.qtype_query, rr_type_name), totals.queries, 12);
  if (summary.scope == reduce::ReportScope::all) {
    append_rows(text, "EDNS options", rows_of(report.contents().edns_options, dns::edns_option_text), totals.messages,
                10);
    append_rows(text, "extended errors", rows_of(report.contents().ede, ede_name), totals.responses, 10);
  }
  if (summary.scope != reduce::ReportScope::counts)
    append_rows(text, fmt::format("top names ({} different)", report.qnames().size() + report.qnames().dropped_keys()),
                top_of(report.qnames(), bare_name, 10), totals.queries, 10);
  if (summary.scope == reduce::ReportScope::all)
    append_rows(text,
                fmt::format("top clients ({} different)", report.clients().size() + report.clients().dropped_keys()),
                top_of(report.clients(), reduce::party_text, 10), totals.queries, 10);
  return text + "\n" + pipeline::balance_text(summary.books);
}

}  // namespace rata::app
