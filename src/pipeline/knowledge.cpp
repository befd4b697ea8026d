#include "pipeline/knowledge.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace rata::pipeline {
namespace {

using reduce::Geography;

/// What the reducers ask for.
reduce::Plan plan_of(const Config& config) {
  reduce::Plan plan;
  const reduce::Context context;
  reduce::Surroundings around{context, plan};
  for (const ReducerEntry& entry : config.reducers) static_cast<void>(reduce::make_reducer(entry.reducer, around));
  return plan;
}

util::Result<void> read_top_level_domains(const std::string& path, Knowledge& into) {
  if (path.empty()) return {};
  auto list = reduce::TopLevelDomains::read(path);
  if (!list) return util::Error{fmt::format("lists: tlds: {}", list.error().message)};
  into.found.push_back(fmt::format("{}: {} top-level domains", path, list->size()));
  into.context.top_level_domains = std::make_shared<const reduce::TopLevelDomains>(std::move(*list));
  return {};
}

util::Result<void> read_public_suffixes(std::string path, bool wanted, Knowledge& into) {
  std::error_code ignored;
  if (path.empty() && wanted && std::filesystem::exists(usual_public_suffixes, ignored)) path = usual_public_suffixes;
  if (path.empty()) {
    if (wanted)
      into.left_open.push_back(fmt::format(
          "a reducer counts by public suffix, but [lists] public_suffixes names no list and {} is not there "
          "(Debian's package publicsuffix brings it): every last label is one",
          usual_public_suffixes));
    return {};
  }
  auto list = reduce::PublicSuffixes::read(path);
  if (!list) return util::Error{fmt::format("lists: public_suffixes: {}", list.error().message)};
  into.found.push_back(fmt::format("{}: {} public suffixes", path, list->rules()));
  into.context.public_suffixes = std::make_shared<const reduce::PublicSuffixes>(std::move(*list));
  return {};
}

util::Result<void> open_geography(const char* key, const std::string& path, Geography::What what, bool wanted,
                                  std::shared_ptr<const Geography>& into, Knowledge& knowledge) {
  if (path.empty()) {
    if (wanted)
      knowledge.left_open.push_back(
          fmt::format("a reducer counts by {0}, but [geography] {0} names no MaxMind DB file: every address is of an "
                      "unknown one",
                      key));
    return {};
  }
  auto database = Geography::open(path, what);
  if (!database) return util::Error{fmt::format("geography: {}: {}", key, database.error().message)};
  knowledge.found.push_back(fmt::format("{}: a database of addresses", path));
  into = std::move(*database);
  return {};
}

}  // namespace

void read_knowledge(settings::TableReader& root, Config& config) {
  std::vector<std::string> local;
  root.texts("local", local);
  for (const std::string& text : local) {
    const auto prefix = reduce::read_prefix(text);
    if (prefix)
      config.local.push_back(*prefix);
    else
      root.fail(*root.find("local"), fmt::format("local: {}", prefix.error().message));
  }
  if (const toml::table* table = root.table("lists")) {
    settings::TableReader reader = root.inner(*table, "[lists]");
    reader.text("tlds", config.lists.tlds);
    reader.text("public_suffixes", config.lists.public_suffixes);
    reader.finish();
    root.adopt(reader);
  }
  if (const toml::table* table = root.table("geography")) {
    settings::TableReader reader = root.inner(*table, "[geography]");
    reader.text("country", config.geography.country);
    reader.text("asn", config.geography.asn);
    reader.finish();
    root.adopt(reader);
  }
}

util::Result<Knowledge> gather_knowledge(const Config& config) {
  const reduce::Plan plan = plan_of(config);
  Knowledge made;
  reduce::Context& context = made.context;
  for (const reduce::Prefix& prefix : config.local) context.local.add(prefix);
  // The servers that are watched are of this side, too.
  for (const WatchedServer& server : config.watched)
    for (const reduce::Prefix& prefix : server.addresses) context.local.add(prefix);
  using enum reduce::Knowledge;
  for (const auto& done : {read_top_level_domains(config.lists.tlds, made),
                           read_public_suffixes(config.lists.public_suffixes, plan.wants(public_suffixes), made),
                           open_geography("country", config.geography.country, Geography::What::country,
                                          plan.wants(countries), context.countries, made),
                           open_geography("asn", config.geography.asn, Geography::What::network, plan.wants(networks),
                                          context.networks, made)})
    if (!done) return done.error();
  return made;
}

}  // namespace rata::pipeline
