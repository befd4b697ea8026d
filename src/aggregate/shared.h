#pragma once

#include <cstdint>
#include <vector>

#include "aggregate/string_pool.h"

namespace rata::aggregate {

/// What all tallies of a table have in common.
struct Shared {
  static constexpr std::uint32_t nowhere = 0xffffffff;

  StringPool texts;            ///< of keys and parts, kept once however many servers count them
  std::uint64_t sequence = 0;  ///< of the next key or cell, over all tallies: appearances compare
  /// Lent to one function at a time, by slot: where something stands in a list. All `nowhere` between the calls.
  std::vector<std::uint32_t> places;
};

}  // namespace rata::aggregate
