#pragma once

#include <cstdint>
#include <string_view>

#include "reduce/key_maker.h"
#include "reduce/key_table.h"
#include "reduce/reducer.h"
#include "reduce/row_maker.h"

namespace rata::reduce {

/// Counts by some code and a client, for reducers that find both themselves.
class PartyCounts {
 public:
  /// `code`: a coded dimension that only has to have a name and texts; outlives this. `limit`: clients that stay for
  /// each code, 0: all.
  PartyCounts(const Dimension& code, std::uint64_t limit, bool older, const ReducerConfig& config,
              Surroundings& around);

  void add(std::uint32_t code, const util::Address& client, std::string_view client_text);
  void absorb(PartyCounts& other) { table_.absorb(std::move(other.table_)); }
  summary::Counts take();

 private:
  const Context& context_;
  KeyMaker keys_;
  RowRules rules_;
  KeyTable table_;
  KeyBuffer client_;
};

}  // namespace rata::reduce
