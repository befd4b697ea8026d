#pragma once

#include <cstddef>
#include <string_view>

#include "summary/summary.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::summary {

/// A record may have so many octets, and be nested so deep. What is made of it takes about thirty times its octets at
/// most.
inline constexpr std::size_t most_record_octets = std::size_t{64} << 20, most_record_depth = 64;

/// Reads a record that `to_json` wrote, without its line's end: written again it is the same line, and it merges as the
/// one that it was written of (what a limit cut from what is shown stays inside the bounds). Members that are not known
/// are skipped.
///
/// Also read, as well as they tell it:
/// - records with `merge` but without `form`: a key may have all of what was cut, counters have no names for their
///   dimensions, a top has no limit. Measures are refused;
/// - records of the older chain, which are no more than `type`, `serverId` and `data`. Their window begins at
/// `arrival`,
///   lasts one second unless they say otherwise, and is numbered by `arrival`.
///
/// Errors: what came is no such record; the message names the member and what it would have to be. A record comes from
/// the network: nothing that it says does harm here or when it is merged.
util::Result<Summary> read_json(std::string_view line, util::Time arrival = {});

}  // namespace rata::summary
