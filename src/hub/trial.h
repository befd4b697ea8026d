#pragma once

#include <string>

#include "store/config.h"
#include "util/result.h"

namespace rata::hub {

/// Whether an aggregator could have its history there; makes nothing and changes nothing. Returns what was found.
/// Errors: levels that do not fit each other or the file, a file that is not ours, a folder that may not be written.
util::Result<std::string> try_history(const store::Config& config);

}  // namespace rata::hub
