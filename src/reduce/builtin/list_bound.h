#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "reduce/reducer.h"
#include "summary/summary.h"

namespace rata::reduce {

/// Bounds what a list keeps of a window: so many entries, and so much memory as the tables of its shard leave.
class ListBound {
 public:
  /// `around.budget` outlives it. Errors: `limit` is more than one number.
  static util::Result<ListBound> make(const ReducerConfig& config, Surroundings& around);

  ListBound(ListBound&& other) noexcept
      : limit_(other.limit_),
        budget_(other.budget_),
        entries_(std::exchange(other.entries_, 0)),
        octets_(std::exchange(other.octets_, 0)),
        left_out_(std::exchange(other.left_out_, 0)) {}
  ~ListBound() { clear(); }

  /// False, and counted: there is no room for one more entry of so many octets.
  bool take_in(std::size_t octets);
  void let_go(std::size_t octets);

  /// The entries are elsewhere now, and nothing of them counts here.
  void clear();
  /// What had no room since the last call.
  std::uint64_t take_left_out() { return std::exchange(left_out_, 0); }
  void add_left_out(std::uint64_t count) { left_out_ += count; }

 private:
  ListBound(std::size_t limit, Budget* budget) : limit_(limit), budget_(budget) {}
  bool has_room(std::size_t octets);

  std::size_t limit_;
  Budget* budget_;
  std::size_t entries_ = 0, octets_ = 0;
  std::uint64_t left_out_ = 0;
  std::uint64_t seen_settled_ = UINT64_MAX;  // when this last looked
  std::size_t octets_settled_ = 0;           // what there was then
};

/// The lists of all shards, which stand one behind the other, become one in order of arrival. That is the place in the
/// input, whatever the stamps say; several `inputs` can be compared by time alone.
void sort_by_arrival(std::vector<summary::Record>& records, std::size_t inputs);

}  // namespace rata::reduce
