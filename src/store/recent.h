#pragma once

#include <cstdint>
#include <memory>

#include "store/state.h"
#include "store/store.h"
#include "util/result.h"

namespace rata::store {

/// See Store::recent.
util::Result<std::unique_ptr<Recent>> recent(State& state, std::uint32_t seconds, util::Time now,
                                             std::size_t most_servers);

}  // namespace rata::store
