#pragma once

#include <string>

#include <toml++/toml.h>

#include "util/result.h"

namespace rata::settings {

/// Errors: the file and line, and what is wrong with it.
util::Result<toml::table> parse_toml(const std::string& path);

}  // namespace rata::settings
