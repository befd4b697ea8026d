#pragma once

#include "serve/server.h"
#include "settings/table_reader.h"

namespace rata::settings {

/// Reads [serve] and the [[access]] tables. True: there is a [serve]. Errors are the reader's.
bool read_serve(TableReader& root, serve::Config& serve);

}  // namespace rata::settings
