// What the program does where nobody says.

#include <utility>

#include "pipeline/config.h"
#include "util/machine.h"

namespace rata::pipeline {
namespace {

constexpr const char* page = "page";

ReducerEntry entry(std::string type, std::string name = {}) {
  ReducerEntry made;
  made.reducer.type = std::move(type);
  made.reducer.name = std::move(name);
  made.send = {page};
  return made;
}

ReducerEntry count_by(std::string name, std::vector<std::string> by, std::vector<std::string> where,
                      std::vector<std::uint64_t> limit = {}) {
  ReducerEntry made = entry("count_by", std::move(name));
  made.reducer.by = std::move(by);
  made.reducer.where = std::move(where);
  made.reducer.limit = std::move(limit);
  return made;
}

ReducerEntry measured(std::string name, std::string where, std::vector<std::string> measure) {
  ReducerEntry made = count_by(std::move(name), {"transport"}, {std::move(where)});
  made.reducer.measure = std::move(measure);
  return made;
}

}  // namespace

std::vector<ReducerEntry> default_reducers(const GeographyConfig& geography) {
  constexpr std::uint64_t networks = 200, names = 200;
  std::vector<ReducerEntry> reducers = {
      entry("QueriesPerSecond"),
      entry("AnswersPerSecond"),
      count_by("client_by_qname", {"qname", "client"}, {"query"}, {20'000, 20}),
      count_by("client_by_qtype", {"qtype", "client"}, {"query"}, {200, 20'000}),
      count_by("qtype_by_client", {"client", "qtype"}, {"query"}, {20'000, 20}),
      count_by("response_codes", {"rcode", "transport"}, {"response"}),
      count_by("response_kinds", {"kind"}, {"response"}),
      measured("latency", "response", {"count", "quantiles:response_time"}),
      measured("query_sizes", "query", {"count", "quantiles:message_size"}),
      measured("response_sizes", "response", {"count", "quantiles:message_size"}),
      count_by("transports", {"transport", "ip_version"}, {"query"}),
      count_by("edns", {"edns_size:512", "do"}, {"query"}),
      count_by("client_networks", {"client_prefix:24:48"}, {"query"}, {networks}),
      count_by("underscored_names", {"qname"}, {"query", "underscored"}, {names}),
      entry("MalformedQueries", "malformed_queries"),
  };
  if (!geography.country.empty())
    reducers.push_back(count_by("client_countries", {"client_country"}, {"query"}, {networks}));
  if (!geography.asn.empty()) reducers.push_back(count_by("client_asns", {"client_asn"}, {"query"}, {networks}));
  return reducers;
}

Config embedded_config() {
  Config config;
  config.server = util::machine_name();
  config.serve_enabled = true;
  config.channels = {{page, {.url = "memory:"}}};
  config.reducers = default_reducers(config.geography);
  config.aggregate.processors = settings::default_processors();
  return config;
}

}  // namespace rata::pipeline
