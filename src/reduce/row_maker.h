#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reduce/key_maker.h"
#include "summary/summary.h"

namespace rata::reduce {

/// How much of a table becomes rows, and in which words.
struct RowRules {
  std::vector<std::uint64_t> limit;  ///< keys kept per dimension, by count; 0: all. One a dimension.
  bool ties =
      false;  ///< keys whose count equals that of the last one kept stay as well, as far as there is room for rows
  bool older = false;  ///< the older chain's texts
  /// Keys that are there even when nothing was counted for them; the first ones only: a map that is always there.
  std::vector<std::vector<std::string>> always = {};
};

/// Makes rows of the keys of a table, level by level, and cuts each level to its limit.
class RowMaker {
 public:
  struct Cell {
    Octets key;  ///< as KeyMaker's octets; while at work what is left of it below the level at hand
    std::uint64_t count = 0;
    Octets part = {};
    std::uint64_t head = 0;  ///< the first octets of `part` as a number, for quick comparisons
  };

  RowMaker(const KeyMaker& keys, const RowRules& rules, const Context& context)
      : keys_(keys), rules_(rules), context_(context) {}

  /// Adds rows and rests to `counts`. `cells` are left in another order.
  void make(std::vector<Cell>& cells, summary::Counts& counts);

 private:
  struct Group {
    std::span<Cell> cells;
    std::uint64_t count = 0;
  };

  void cut(std::vector<Cell>& cells);
  std::vector<Group> groups_of(std::span<Cell> cells, std::size_t depth) const;
  std::size_t room_for_ties(std::size_t depth) const;
  void cut(std::vector<Group>& groups, std::size_t depth);
  void level(std::span<Cell> cells, std::size_t depth);

  const KeyMaker& keys_;
  const RowRules& rules_;
  const Context& context_;
  summary::Counts* counts_ = nullptr;
  std::vector<std::string> path_;
};

}  // namespace rata::reduce
