#include "hub/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "settings/serve_keys.h"
#include "settings/table_reader.h"
#include "settings/toml_file.h"
#include "util/machine.h"

namespace rata::hub {
namespace {

using settings::TableReader;

constexpr std::uint64_t seconds_per_hour = 3600;
constexpr double most_tolerance_seconds = 3600;
// Fewer than where one server is watched: there are as many tables as servers, and more.
constexpr std::size_t cells_of_each = 50'000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Where systemd says, or the XDG base directory specification.
std::string state_folder() {
  if (const std::string given = variable("STATE_DIRECTORY"); !given.empty()) return given;
  if (const std::string given = variable("XDG_STATE_HOME"); !given.empty()) return given + "/ratadns";
  const std::string home = variable("HOME");
  return home.empty() ? "/var/lib/ratadns" : home + "/.local/state/ratadns";
}

/// { seconds = 10, keep_hours = 48 }, ascending.
void read_levels(TableReader& root, store::Config& config) {
  const auto tables = root.tables("level");
  if (!tables.empty()) config.levels.clear();
  for (const toml::table* table : tables) {
    TableReader reader = root.inner(*table, "[[level]]");
    store::Level level;
    std::uint64_t keep_hours = 0;
    reader.whole("seconds", level.seconds, 1, 7 * 86'400);
    reader.whole("keep_hours", keep_hours, 1, 24 * 366 * 20);
    reader.finish();
    if (level.seconds == 0 || keep_hours == 0)
      reader.fail(*table, "needs seconds, how long a pane is, and keep_hours, how long panes are kept");
    level.keep_seconds = keep_hours * seconds_per_hour;
    root.adopt(reader);
    config.levels.push_back(level);
  }
}

void read_store(TableReader& root, store::Config& config) {
  if (const toml::table* table = root.table("store")) {
    TableReader reader = root.inner(*table, "[store]");
    reader.text("path", config.path);
    reader.whole("limit_mib", config.limit_mib, 16, 1u << 24);
    reader.whole("settle_seconds", config.settle_seconds, 0, 3600);
    reader.whole("table_rows", config.table_rows, 1, 100'000);
    std::uint64_t fine_hours = config.fine_keep_seconds / seconds_per_hour;
    reader.whole("fine_hours", fine_hours, 0, 24 * 31);
    config.fine_keep_seconds = fine_hours * seconds_per_hour;
    reader.finish();
    root.adopt(reader);
  }
  read_levels(root, config);
}

void read_subscriptions(TableReader& root, Config& config) {
  for (const toml::table* table : root.tables("subscribe")) {
    TableReader reader = root.inner(*table, "[[subscribe]]");
    channel::RedisSubscriberConfig subscription;
    reader.text("url", subscription.server.url);
    reader.texts("channels", subscription.channels);
    reader.texts("patterns", subscription.patterns);
    reader.text("password_file", subscription.server.password_file);
    reader.text("password_env", subscription.server.password_env);
    reader.text("ca_file", subscription.server.ca_file);
    reader.text("certificate_file", subscription.server.certificate_file);
    reader.text("key_file", subscription.server.key_file);
    reader.finish();
    if (subscription.server.url.empty()) reader.fail(*table, "needs url = \"redis://HOST:PORT\"");
    root.adopt(reader);
    config.subscriptions.push_back(std::move(subscription));
  }
}

/// A group shows together and is kept together.
void share_groups(Config& config) {
  for (const aggregate::Group& group : config.aggregate.groups) config.store.groups[group.name] = group.servers;
}

}  // namespace

Config default_config() {
  Config config;
  config.name = util::machine_name();
  config.aggregate.processors = settings::default_processors();
  config.aggregate.cells = cells_of_each;
  config.store.path = state_folder() + "/history.db";
  return config;
}

util::Result<Config> read_config(const std::string& path) {
  const auto parsed = settings::parse_toml(path);
  if (!parsed) return parsed.error();
  Config config = default_config();
  TableReader root(*parsed, path, "top level");
  root.text("name", config.name);
  root.number("clock_tolerance", config.clock_tolerance_seconds);
  settings::read_serve(root, config.serve);
  settings::read_aggregate(root, config.aggregate);
  settings::read_locations(root, config.places);
  read_store(root, config.store);
  read_subscriptions(root, config);
  if (const auto& error = root.finish()) return *error;
  share_groups(config);
  if (!(config.clock_tolerance_seconds >= 0 && config.clock_tolerance_seconds <= most_tolerance_seconds))
    return util::Error{fmt::format("{}: clock_tolerance = {}: needs seconds, from 0 to {}", path,
                                   config.clock_tolerance_seconds, most_tolerance_seconds)};
  if (const auto made = aggregate::Aggregator::make(config.aggregate); !made)
    return util::Error{path + ": " + made.error().message};
  return config;
}

bool is_aggregator_file(const std::string& path) {
  const auto parsed = settings::parse_toml(path);
  if (!parsed) return false;
  const auto has = [&](const char* key) { return parsed->contains(key); };
  const bool is_monitors = has("source") || has("reducer") || has("channel") || has("window");
  return !is_monitors && (has("store") || has("subscribe") || has("level") || has("group") || has("access"));
}

}  // namespace rata::hub
