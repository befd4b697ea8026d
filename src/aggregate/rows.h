#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "summary/summary.h"

namespace rata::aggregate {

/// What a table counts by, in the words of Counts::by.
struct TableDimensions {
  std::string key;
  std::string part;  ///< empty: there are none; of several dimensions all names with a blank between
};

/// What one window says to a table, whatever shape it came in. The counts of `cells` and `key_rests` are above zero.
/// Lifetime: the texts belong to the summary that was read, or to `owned`.
struct Rows {
  struct Cell {
    std::string_view key, part;
    std::uint64_t count = 0;
  };
  /// Queries of a known key whose parts are not known one by one.
  struct KeyRest {
    std::string_view key;
    std::uint64_t parts = 0;  ///< at most so many
    std::uint64_t count = 0;
  };
  /// Queries whose key is not known.
  struct Rest {
    std::uint64_t keys = 0;  ///< at most so many
    std::uint64_t count = 0;
  };

  std::vector<Cell> cells;
  std::vector<KeyRest> key_rests;
  Rest rest;
  std::deque<std::string> owned;
};

/// Counts by [key, part], by [part, key] (turned round) or by [key] alone. Several dimensions behind the key are one
/// part, with a blank between.
/// Errors: nullopt for other dimensions, or rows that do not fit them.
/// Lifetime: that of `counts`.
std::optional<Rows> rows_from_counts(const summary::Counts& counts, const TableDimensions& dimensions);

}  // namespace rata::aggregate
