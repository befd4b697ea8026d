#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "aggregate/rows.h"
#include "aggregate/string_pool.h"

namespace rata::aggregate {

/// Rows whose texts have numbers: they are looked up once, however many tallies add the rows. The texts live at least
/// as long as this.
class NumberedRows {
 public:
  struct Cell {
    std::uint32_t key = 0, part = 0;
    std::uint64_t count = 0;
  };
  struct KeyRest {
    std::uint32_t key = 0;
    std::uint64_t parts = 0;
    std::uint64_t count = 0;
  };

  NumberedRows(StringPool& texts, const Rows& rows);
  ~NumberedRows();
  NumberedRows(const NumberedRows&) = delete;
  NumberedRows& operator=(const NumberedRows&) = delete;

  const std::vector<Cell>& cells() const { return cells_; }
  const std::vector<KeyRest>& key_rests() const { return key_rests_; }
  const Rows::Rest& rest() const { return rest_; }

 private:
  /// The numbers of `texts`, side by side.
  std::vector<std::uint32_t> numbers(std::span<const std::string_view> texts);

  StringPool& texts_;
  std::vector<std::uint32_t> held_;
  std::vector<Cell> cells_;
  std::vector<KeyRest> key_rests_;
  Rows::Rest rest_;
};

}  // namespace rata::aggregate
