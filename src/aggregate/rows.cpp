#include "aggregate/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace rata::aggregate {
namespace {

using summary::CountRow;
using summary::Counts;
using summary::RestRow;

/// Counts by the key alone: its parts are not known.
Rows rows_by_key(const Counts& counts) {
  Rows rows;
  for (const CountRow& row : counts.rows)
    if (row.count > 0) rows.key_rests.push_back({row.keys[0], 0, row.count});
  for (const RestRow& rest : counts.rest) {
    rows.rest.keys += rest.keys;
    rows.rest.count += rest.count;
  }
  return rows;
}

Rows rows_by_key_and_part(const Counts& counts) {
  Rows rows;
  rows.cells.reserve(counts.rows.size());
  for (const CountRow& row : counts.rows)
    if (row.count > 0) rows.cells.push_back({row.keys[0], row.keys[1], row.count});
  for (const RestRow& rest : counts.rest) {
    if (rest.count == 0) continue;
    if (rest.prefix.empty()) {
      rows.rest.keys += rest.keys;
      rows.rest.count += rest.count;
    } else {
      rows.key_rests.push_back({rest.prefix[0], rest.keys, rest.count});
    }
  }
  return rows;
}

/// What was cut off below a part are keys. Where whole parts were cut, `keys` counts those, and all that is known of
/// our keys is that each asked at least once.
Rows rows_by_part_and_key(const Counts& counts) {
  Rows rows;
  rows.cells.reserve(counts.rows.size());
  for (const CountRow& row : counts.rows)
    if (row.count > 0) rows.cells.push_back({row.keys[1], row.keys[0], row.count});
  for (const RestRow& rest : counts.rest) {
    rows.rest.keys += rest.prefix.empty() ? rest.count : rest.keys;
    rows.rest.count += rest.count;
  }
  return rows;
}

/// All but the first, with a blank between.
template <typename Texts>
std::string joined_behind_first(const Texts& texts) {
  return fmt::format("{}", fmt::join(std::next(texts.begin()), texts.end(), " "));
}

/// Counts by three and more. What was cut off below a part is of its key, and nobody knows how many parts it was.
Rows rows_by_key_and_several(const Counts& counts) {
  Rows rows;
  for (const CountRow& row : counts.rows)
    if (row.count > 0)
      rows.cells.push_back({row.keys[0], rows.owned.emplace_back(joined_behind_first(row.keys)), row.count});
  for (const RestRow& rest : counts.rest) {
    if (rest.count == 0) continue;
    if (rest.prefix.empty()) {
      rows.rest.keys += rest.keys;
      rows.rest.count += rest.count;
    } else {
      rows.key_rests.push_back({rest.prefix[0], rest.prefix.size() == 1 ? rest.count : rest.keys, rest.count});
    }
  }
  return rows;
}

bool is_well_formed(const Counts& counts) {
  const std::size_t dimensions = counts.by.size();
  return std::ranges::all_of(counts.rows, [&](const CountRow& row) { return row.keys.size() == dimensions; }) &&
         std::ranges::all_of(counts.rest, [&](const RestRow& rest) { return rest.prefix.size() < dimensions; });
}

}  // namespace

std::optional<Rows> rows_from_counts(const Counts& counts, const TableDimensions& dimensions) {
  if (!is_well_formed(counts)) return std::nullopt;
  const std::vector<std::string>& by = counts.by;
  if (by.size() == 1 && by[0] == dimensions.key) return rows_by_key(counts);
  if (by.size() > 2 && by[0] == dimensions.key && joined_behind_first(by) == dimensions.part)
    return rows_by_key_and_several(counts);
  if (by.size() != 2) return std::nullopt;
  if (by[0] == dimensions.key && by[1] == dimensions.part) return rows_by_key_and_part(counts);
  if (by[0] == dimensions.part && by[1] == dimensions.key) return rows_by_part_and_key(counts);
  return std::nullopt;
}

}  // namespace rata::aggregate
