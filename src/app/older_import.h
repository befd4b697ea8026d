#pragma once

#include <string>
#include <vector>

#include "app/older_config.h"

namespace rata::app {

struct Imported {
  std::string toml;
  std::vector<std::string> not_taken;  ///< by section and option: what has no counterpart, and why
};

/// An older configuration in TOML, with comments on what changed. `folder`: where relative paths lead from.
Imported import_older(const OlderConfig& older, const std::string& path, const std::string& folder);

}  // namespace rata::app
