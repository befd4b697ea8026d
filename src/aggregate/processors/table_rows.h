#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "aggregate/tally.h"
#include "summary/rename.h"

namespace rata::aggregate {

/// What a table shows of a span.
struct TableRows {
  struct Part {
    std::string text;
    std::uint64_t count = 0;
  };
  struct Row {
    std::string text;
    std::uint64_t count = 0;
    std::vector<Part> parts = {};      ///< the largest first, of equals by text
    std::uint64_t distinct_parts = 0;  ///< including those left out; an upper bound where something was given up
  };

  std::vector<Row> rows;  ///< in the same order
  std::uint64_t total = 0;
  std::uint64_t distinct = 0;
  bool distinct_is_bound = false;
};

struct TableLimits {
  std::size_t rows = 0, parts = 0;
  bool has_parts = true;
};

TableRows table_rows(const Tally& tally, std::size_t span, TableLimits limits);

/// With keys and parts that go by other names; what then is the same is one, with the sum. Of the keys the 4096 largest
/// are looked at, of the parts of each the 256 largest: what is smaller may be missing in a sum, and is in the rest.
TableRows table_rows(const Tally& tally, std::size_t span, TableLimits limits, const summary::Renaming& renaming);

}  // namespace rata::aggregate
