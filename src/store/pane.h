#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "summary/merge.h"
#include "summary/summary.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::store {

/// The last multiple of so many seconds that is not after it.
util::Time aligned(util::Time time, std::uint32_t seconds);
constexpr util::Time after(util::Time time, std::uint64_t seconds) {
  return {time.ns + static_cast<std::int64_t>(seconds) * util::ns_per_second};
}
util::Time end_of(const summary::Window& window);

/// Names a pane: what one series (catalogue.h) has in one stretch of time of a level, which its length in seconds
/// names.
struct Key {
  std::uint32_t level = 0;
  std::int64_t series = 0;
  util::Time start;

  friend auto operator<=>(const Key&, const Key&) = default;
};

/// What is in a pane: mostly one summary. More where a reducer's data took a form that does not merge with what was
/// there, and of single seconds one each.
using Pane = std::vector<summary::Summary>;

/// Of one stretch of time a pane keeps so many forms.
constexpr std::size_t most_forms = 4;

/// Merges what starts in the same stretch of `span` seconds. False, and it is lost: there are `most_forms` already, or
/// counts would become larger than any that are kept (magnitude.h).
bool add(Pane& pane, summary::Summary&& summary, summary::Relation relation, std::uint32_t span);
/// Returns how many were lost.
std::size_t add(Pane& pane, Pane&& more, summary::Relation relation, std::uint32_t span);

/// As it lies in the file: lines of JSON, packed. Ids are left out: they name windows, of which a pane has many.
std::string packed(Pane pane, std::size_t table_rows);
/// Errors: damaged, or a line that cannot be read.
util::Result<Pane> unpacked_pane(std::string_view octets);

}  // namespace rata::store
