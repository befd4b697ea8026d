#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aggregate/aggregator.h"
#include "channel/redis_subscriber.h"
#include "serve/server.h"
#include "settings/aggregate_keys.h"
#include "store/config.h"
#include "util/result.h"

namespace rata::hub {

/// The whole configuration of an aggregator.
struct Config {
  std::string name;  ///< of this process, in its status; default: this machine's name
  serve::Config serve;
  aggregate::Config aggregate;
  store::Config store;
  std::vector<channel::RedisSubscriberConfig> subscriptions;  ///< to what is published in Redis
  std::vector<settings::ServerPlace> places;
  /// How far a server's clock may run ahead of ours before its windows no longer move the views.
  double clock_tolerance_seconds = 5;
};

/// What `ratadns aggregate` does without a file: loopback, and its history in the state folder of whoever starts it.
Config default_config();

/// Reads a TOML file. Errors: file, line and key, what stands there and what would be accepted.
util::Result<Config> read_config(const std::string& path);

/// Whether the file has a table that only an aggregator takes.
bool is_aggregator_file(const std::string& path);

}  // namespace rata::hub
