#pragma once

#include <string>
#include <vector>

#include "hub/roster.h"
#include "store/history.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::hub {

/// Of the servers named, over [from, to). Errors: the history cannot be read.
util::Result<std::vector<MissingWindows>> missing_windows(store::HistoryReader& history,
                                                          const std::vector<std::string>& servers, util::Time from,
                                                          util::Time to);

}  // namespace rata::hub
