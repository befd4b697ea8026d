#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reduce/dimension.h"
#include "util/result.h"

namespace rata::reduce {

/// A dimension as a configuration asks for it.
struct DimensionUse {
  const Dimension* dimension = nullptr;
  std::uint32_t argument = 0;

  friend bool operator==(const DimensionUse&, const DimensionUse&) = default;
};

/// Reads "qtype" or "message_size:512". Errors: no such dimension (with those there are), or a bad argument.
util::Result<DimensionUse> read_dimension(std::string_view text);

/// A condition as a configuration asks for it.
struct ConditionUse {
  const Condition* condition = nullptr;
  bool negated = false;

  friend bool operator==(const ConditionUse&, const ConditionUse&) = default;
};

/// Reads "query" or "not tcp"; more blanks do no harm. Errors: no such condition, with those there are.
util::Result<ConditionUse> read_condition(std::string_view text);

/// What the reducers of a monitor look at, each thing once: a Batch computes it once for all of them.
class Plan {
 public:
  // Each gives the number by which a Batch has the selection or the column.

  /// Packets of which all of `where` hold.
  std::size_t selection(const std::vector<ConditionUse>& where);
  /// Values of the packets of a selection; nobody may look at those of others.
  std::size_t code_column(const DimensionUse& use, std::size_t selection) { return column(codes_, use, selection); }
  std::size_t key_column(const DimensionUse& use, std::size_t selection) { return column(keys_, use, selection); }

  /// Something is asked for of which queries and responses have to be paired.
  bool pairs() const;
  /// Something is asked for that wants to know this.
  bool wants(Knowledge knowledge) const;

  struct Column {
    DimensionUse use;
    std::size_t among;  ///< the smallest selection that has those of all who look at the column in it
  };
  const std::vector<Column>& codes() const { return codes_; }
  const std::vector<Column>& keys() const { return keys_; }

  /// A condition over another selection: of those that begin alike, what they share is looked at once.
  struct Selection {
    static constexpr std::size_t every_packet = SIZE_MAX;
    std::size_t among = every_packet;
    ConditionUse use;  ///< no condition: all of them

    friend bool operator==(const Selection&, const Selection&) = default;
  };
  const std::vector<Selection>& selections() const { return selections_; }

 private:
  std::size_t place(const Selection& selection);
  std::size_t column(std::vector<Column>& columns, const DimensionUse& use, std::size_t selection) const;
  std::vector<std::size_t> path_to(std::size_t selection) const;

  std::vector<Column> codes_, keys_;
  std::vector<Selection> selections_;
};

}  // namespace rata::reduce
