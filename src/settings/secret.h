#pragma once

#include <string>

#include "settings/table_reader.h"

namespace rata::settings {

/// A secret is never a key itself: NAME_file names a file whose content it is, without a line's end, which nobody but
/// its owner and group may read; NAME_env the environment variable that holds it. Empty: neither is there. Errors, told
/// through `reader`: both are there, or what they name cannot be had.
std::string read_secret(TableReader& reader, const std::string& name);

}  // namespace rata::settings
