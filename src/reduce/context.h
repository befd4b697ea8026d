#pragma once

#include <cstddef>
#include <cstdint>

namespace rata::reduce {

/// What reducers know beside packets: read once at the start and the same for all of them. Outlives them.
struct Context {
  std::size_t shards = 1;  ///< limits of a configuration are for all shards together
};

}  // namespace rata::reduce
