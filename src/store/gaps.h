#pragma once

#include <string>
#include <vector>

#include "store/database.h"
#include "store/history.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::store {

/// See HistoryReader::gaps.
util::Result<std::vector<Gap>> find_gaps(Database& database, const std::string& server, util::Time from, util::Time to);

}  // namespace rata::store
