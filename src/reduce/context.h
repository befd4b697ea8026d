#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "reduce/anonymizer.h"
#include "reduce/geography.h"
#include "reduce/prefixes.h"
#include "reduce/public_suffixes.h"
#include "reduce/top_level_domains.h"

namespace rata::reduce {

/// What reducers know beside packets: read once at the start and the same for all of them. Outlives them.
struct Context {
  std::size_t shards = 1;            ///< limits of a configuration are for all shards together
  std::size_t inputs = 1;            ///< that number their frames each on its own
  std::size_t most_rows = SIZE_MAX;  ///< of one result: what has fewer messages is summed up
  Anonymizer anonymizer;             ///< of addresses on their way out
  PrefixSet local;                   ///< the addresses of this side; empty: not known
  std::shared_ptr<const TopLevelDomains> top_level_domains = TopLevelDomains::built_in();
  std::shared_ptr<const PublicSuffixes> public_suffixes;  ///< nullptr: no list
  std::shared_ptr<const Geography> countries, networks;   ///< nullptr: no database
  std::uint64_t sketch_seed = 0;  ///< of hashes inside sketches: one for all whose summaries are merged
};

}  // namespace rata::reduce
