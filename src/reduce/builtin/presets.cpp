#include "reduce/builtin/presets.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reduce/builtin/count_by.h"

namespace rata::reduce {
namespace {

constexpr std::string_view idn_keys[] = {"normal", "idn"};
constexpr std::string_view edns_sizes[] = {"0-511",     "512-1023",  "1024-1535", "1536-2047", "2048-2559",
                                           "2560-3071", "3072-3583", "3584-4095", "4096-4607", "None"};
constexpr std::string_view ip_versions[] = {"IPv4", "IPv6"};

// In the order of the older chain's description: names, header and EDNS, traffic, clients.
constexpr Preset table[] = {
    {.name = "NameCounter",
     .help = "Messages, queries and responses, by name.",
     .rows = R"({"a.example.": 3})",
     .by = {"qname"},
     .always = {}},
    {.name = "QueriesNameCounter",
     .help = "Queries by name.",
     .rows = R"({"a.example.": 3})",
     .by = {"qname"},
     .where = {"query"},
     .always = {}},
    {.name = "AnswersNameCounter",
     .help = "Responses by the name in their question.",
     .rows = R"({"a.example.": 3})",
     .by = {"qname"},
     .where = {"response"},
     .always = {}},
    {.name = "QtypeVSQnamelen",
     .help = "Queries by type and length of the name as text, its final dot included.",
     .rows = R"({"1": {"15": 2}})",
     .by = {"qtype", "qname_length"},
     .where = {"query"},
     .always = {}},
    {.name = "QtypeVSTld",
     .help = "Queries by type and top-level domain; the root is \"\".",
     .rows = R"({"1": {"cl": 7, "com": 2}})",
     .by = {"qtype", "tld"},
     .where = {"query"},
     .limit = 200,
     .always = {}},
    {.name = "IdnQname",
     .help = "Queries for names with a label that begins with xn--, and others.",
     .rows = R"({"normal": 60, "idn": 1})",
     .by = {"idn"},
     .where = {"query"},
     .always = idn_keys},
    {.name = "IdnVSTld",
     .help = "Queries for names with a label that begins with xn--, by top-level domain.",
     .rows = R"({"cl": 1})",
     .by = {"tld"},
     .where = {"query", "idn"},
     .always = {}},
    {.name = "CertainQnamesVSQtype",
     .help = "Queries for localhost., for names that end with root-servers.net. and for others, by type.",
     .rows = R"({"localhost": {"1": 2}, "root-servers.net": {"2": 1}, "else": {"1": 5}})",
     .by = {"certain_names", "qtype"},
     .where = {"query"},
     .always = {}},
    {.name = "ChaosTypesAndNames",
     .help = "Queries of class CH by type and name.",
     .rows = R"({"10": {"version.bind.": 4}})",
     .by = {"qtype", "qname"},
     .where = {"query", "chaos"},
     .always = {}},
    {.name = "RdBit",
     .help = "Queries with and without recursion desired.",
     .rows = R"({"set": 5, "clr": 1})",
     .by = {"rd"},
     .where = {"query"},
     .always = {}},
    {.name = "TcBit",
     .help = "Responses that are truncated, and others.",
     .rows = R"({"set": 1, "clr": 5})",
     .by = {"tc"},
     .where = {"response"},
     .always = {}},
    {.name = "DoBit",
     .help = "Queries with and without the DNSSEC OK bit; without EDNS it is not set.",
     .rows = R"({"set": 5, "clr": 1})",
     .by = {"do"},
     .where = {"query"},
     .always = {}},
    {.name = "Opcode",
     .help = "Queries by opcode.",
     .rows = R"({"0": 5, "4": 1})",
     .by = {"opcode"},
     .where = {"query"},
     .always = {}},
    {.name = "Rcode",
     .help = "Responses by the four bits of RCODE in the header.",
     .rows = R"({"0": 5, "3": 2})",
     .by = {"header_rcode"},
     .where = {"response"},
     .always = {}},
    {.name = "Qtype",
     .help = "Queries by type.",
     .rows = R"({"1": 5, "1c": 2})",
     .by = {"qtype"},
     .where = {"query"},
     .always = {}},
    {.name = "EdnsVersion",
     .help = "Queries by version of EDNS.",
     .rows = R"({"none": 1, "0": 6})",
     .by = {"edns_version"},
     .where = {"query"},
     .always = {}},
    {.name = "EdnsBufsiz",
     .help = "Queries by the size that EDNS offers, in steps of 512.",
     .rows = R"({"0-511": 0, "512-1023": 2, ..., "4096-4607": 1, "None": 3})",
     .by = {"edns_size:512"},
     .where = {"query"},
     .always = edns_sizes},
    {.name = "TrafficSizesQueries",
     .help = "Queries by transport and octets of the message.",
     .rows = R"({"udp": {"33": 4}, "tcp": {"60": 1}})",
     .by = {"transport", "message_size"},
     .where = {"query"},
     .always = {}},
    {.name = "TrafficSizesResponses",
     .help = "Responses by transport and octets of the message.",
     .rows = R"({"udp": {"120": 4}})",
     .by = {"transport", "message_size"},
     .where = {"response"},
     .always = {}},
    {.name = "TrafficVolumeQueries",
     .help = "Queries by transport and version of IP.",
     .rows = R"({"udp": {"IPv4": 4, "IPv6": 1}})",
     .by = {"transport", "ip_version"},
     .where = {"query"},
     .always = {}},
    {.name = "TrafficVolumeResponses",
     .help = "Responses by transport and version of IP.",
     .rows = R"({"udp": {"IPv4": 4, "IPv6": 1}})",
     .by = {"transport", "ip_version"},
     .where = {"response"},
     .always = {}},
    {.name = "TransportVSQtype",
     .help = "Queries by transport and type.",
     .rows = R"({"udp": {"1": 4}})",
     .by = {"transport", "qtype"},
     .where = {"query"},
     .always = {}},
    {.name = "DnsIpVersionVSQtype",
     .help = "Queries by version of IP and type.",
     .rows = R"({"IPv4": {"1": 4}, "IPv6": {}})",
     .by = {"ip_version", "qtype"},
     .where = {"query"},
     .always = ip_versions},
    {.name = "RcodeVSReplylen",
     .help = "Responses by RCODE and octets of the message.",
     .rows = R"({"0": {"120": 3}})",
     .by = {"header_rcode", "message_size"},
     .where = {"response"},
     .always = {}},
    {.name = "DirectionVSIpproto",
     .help = "Messages by direction and transport. Without `local` queries are recv and responses sent.",
     .rows = R"({"recv": {"udp": 4}, "sent": {"udp": 4}})",
     .by = {"direction", "transport"},
     .always = {}},
    {.name = "ClientSubnet",
     .help = "Queries by client; `prefix = [24, 96]` makes networks of them.",
     .rows = R"({"c6336401": 3, "-:SKIPPED:-": 2, "-:SKIPPED_SUM:-": 2})",
     .by = {"client"},
     .where = {"query"},
     .limit = 200,
     .always = {},
     .takes_prefix = true},
    {.name = "ClientAddrVSRcode",
     .help = "Responses by RCODE and the client that gets them.",
     .rows = R"({"3": {"c6336401": 2}})",
     .by = {"header_rcode", "client"},
     .where = {"response"},
     .limit = 50,
     .always = {}},
    {.name = "Ipv6RsnAbusers",
     .help = "Clients that ask for AAAA or A6 of names that end with root-servers.net.; `orig = true`: for any type.",
     .rows = R"({"c6336401": 2})",
     .by = {"client"},
     .where = {"query", "root_servers_net", "aaaa_or_a6"},
     .limit = 50,
     .always = {},
     .not_orig = "aaaa_or_a6"},
};

std::string options_of(const Preset& preset) {
  std::string options = "limit cells";
  if (preset.takes_prefix) options += " prefix";
  if (!preset.not_orig.empty()) options += " orig";
  return options;
}

std::vector<std::string> filled(std::span<const std::string_view> texts) {
  std::vector<std::string> some;
  for (const std::string_view text : texts)
    if (!text.empty()) some.emplace_back(text);
  return some;
}

/// The count_by that `preset` with the options of `config` is. Errors: an option that cannot be.
util::Result<ReducerConfig> fill(const Preset& preset, const ReducerConfig& config) {
  ReducerConfig count_by = config;
  count_by.by = filled(preset.by);
  count_by.where = filled(preset.where);
  if (config.limit.size() > 1)
    return util::Error{fmt::format("reducer {}: limit is one number here: keys that stay{}", config.shown_name(),
                                   count_by.by.size() > 1 ? ", in each of the first" : "")};
  count_by.limit.assign(count_by.by.size(), 0);
  count_by.limit.back() = config.limit.empty() ? preset.limit : config.limit.front();
  if (config.orig) std::erase(count_by.where, preset.not_orig);
  if (config.prefix.empty()) return count_by;
  if (config.prefix.size() != 2)
    return util::Error{fmt::format(
        "reducer {}: prefix is two numbers, the bits of IPv4 and of IPv6 addresses that count: prefix = [24, 48]",
        config.shown_name())};
  std::ranges::replace(count_by.by, "client", fmt::format("client_prefix:{}:{}", config.prefix[0], config.prefix[1]));
  return count_by;
}

util::Result<std::unique_ptr<Reducer>> make_preset(const ReducerConfig& config, Surroundings& around) {
  const Preset& preset = *std::ranges::find(table, config.type, &Preset::name);
  const auto count_by = fill(preset, config);
  if (!count_by) return count_by.error();
  CountByForm form{.ties = true, .older = true};
  for (const std::string_view key : preset.always) form.always.push_back({std::string(key)});
  return make_count_by(*count_by, around, form);
}

}  // namespace

std::span<const Preset> presets() { return table; }

std::span<const ReducerType> preset_types() {
  struct Types {
    std::vector<std::string> options;
    std::vector<ReducerType> types;
  };
  static const Types all = [] {
    Types made;
    for (const Preset& preset : table) made.options.push_back(options_of(preset));
    for (std::size_t i = 0; i < std::size(table); ++i)
      made.types.push_back({.name = table[i].name,
                            .help = table[i].help,
                            .rows = table[i].rows,
                            .options = made.options[i],
                            .make = make_preset});
    return made;
  }();
  return all.types;
}

}  // namespace rata::reduce
