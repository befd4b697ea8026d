#include "settings/aggregate_keys.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace rata::settings {
namespace {

void read_processors(TableReader& root, aggregate::Config& config) {
  const auto processors = root.tables("processor");
  config.processors.clear();  // what is there by default goes when any is named
  for (const toml::table* table : processors) {
    TableReader reader = root.inner(*table, "[[processor]]");
    aggregate::ProcessorConfig processor;
    reader.text("type", processor.type);
    reader.whole("output_limit", processor.output_limit, 1, 10'000);
    reader.whole("parts_limit", processor.parts_limit, 0, 1000);
    reader.texts("reads", processor.reads);
    reader.finish();
    root.adopt(reader);
    config.processors.push_back(processor);
  }
  if (processors.empty()) config.processors = default_processors();
}

void read_groups(TableReader& root, aggregate::Config& config) {
  for (const toml::table* table : root.tables("group")) {
    TableReader reader = root.inner(*table, "[[group]]");
    aggregate::Group group;
    reader.text("name", group.name);
    reader.texts("servers", group.servers);
    reader.finish();
    if (group.name.empty() || group.servers.empty())
      reader.fail(*table, "needs name = \"...\" and servers = [\"...\"]: those that it adds up");
    if (std::ranges::find(config.groups, group.name, &aggregate::Group::name) != config.groups.end())
      reader.fail(*table, "there is a group \"" + group.name + "\" already");
    for (const std::string& server : group.servers)
      if (std::ranges::count(group.servers, server) > 1)
        reader.fail(*table, "servers has \"" + server + "\" twice; each of them counts once");
    root.adopt(reader);
    config.groups.push_back(std::move(group));
  }
}

}  // namespace

std::vector<aggregate::ProcessorConfig> default_processors() {
  std::vector<aggregate::ProcessorConfig> processors(4);
  processors[0].type = "rates";
  processors[1].type = "top_names";
  processors[2].type = "top_types";
  processors[3].type = "top_clients";
  return processors;
}

void read_aggregate(TableReader& root, aggregate::Config& config) {
  if (const toml::table* table = root.table("aggregate")) {
    TableReader reader = root.inner(*table, "[aggregate]");
    reader.wholes("spans", config.spans, 1, 10'080);
    reader.whole("cells", config.cells, 1000, 100'000'000);
    reader.whole("servers", config.servers, 1, 10'000);
    reader.whole("views", config.views, 0, 10'000);
    reader.finish();
    root.adopt(reader);
  }
  read_processors(root, config);
  read_groups(root, config);
}

void read_locations(TableReader& root, std::vector<ServerPlace>& places) {
  for (const toml::table* table : root.tables("location")) {
    TableReader reader = root.inner(*table, "[[location]]");
    ServerPlace place;
    reader.text("server", place.name);
    reader.number("longitude", place.longitude);
    reader.number("latitude", place.latitude);
    reader.text("country_name", place.country_name);
    reader.finish();
    if (std::abs(place.longitude.value_or(0)) > 180 || std::abs(place.latitude.value_or(0)) > 90)
      reader.fail(*table, "longitude is from -180 to 180, latitude from -90 to 90 degrees");
    if (place.name.empty()) reader.fail(*table, "needs server = \"...\": the name of the server that stands there");
    root.adopt(reader);
    places.push_back(place);
  }
}

std::string servers_location_json(const std::vector<ServerPlace>& places) {
  using nlohmann::ordered_json;
  ordered_json list = ordered_json::array();
  for (const ServerPlace& place : places) {
    const auto degrees = [](const std::optional<double>& value) {
      return value ? ordered_json(*value) : ordered_json();
    };
    list.push_back({{"name", place.name},
                    {"location",
                     {{"longitude", degrees(place.longitude)},
                      {"latitude", degrees(place.latitude)},
                      {"country_name", place.country_name}}}});
  }
  return list.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace rata::settings
