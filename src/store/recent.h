#pragma once

#include <vector>

#include "store/state.h"
#include "summary/summary.h"
#include "util/result.h"

namespace rata::store {

/// See Store::recent.
util::Result<std::vector<summary::Summary>> recent(State& state, util::Time since, bool fine);

}  // namespace rata::store
