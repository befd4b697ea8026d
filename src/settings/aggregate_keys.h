#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aggregate/aggregator.h"
#include "settings/table_reader.h"

namespace rata::settings {

/// Where a server stands: a [[location]].
struct ServerPlace {
  std::string name;
  std::optional<double> longitude, latitude;
  std::string country_name;
};

/// What is switched on where nobody says.
std::vector<aggregate::ProcessorConfig> default_processors();

/// Reads [aggregate], the [[processor]] and the [[group]] tables. Errors are the reader's.
void read_aggregate(TableReader& root, aggregate::Config& config);

void read_locations(TableReader& root, std::vector<ServerPlace>& places);

/// The older aggregator's list of servers and places.
std::string servers_location_json(const std::vector<ServerPlace>& places);

}  // namespace rata::settings
