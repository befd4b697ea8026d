#include "reduce/budget.h"

#include <algorithm>
#include <utility>

namespace rata::reduce {
namespace {

/// Before anybody knows how many lists will grow.
constexpr std::size_t first_lists = 4;

std::size_t octets_soon(const Bounded* table) { return table->octets_soon(); }

}  // namespace

Budget::Budget(std::size_t limit_octets)
    : limit_(limit_octets), allowance_(limit_octets == unlimited ? unlimited : left_for_lists(0) / first_lists) {}

std::size_t Budget::left_for_lists(std::size_t used_soon) const {
  const std::size_t in_lists = in_lists_.load(std::memory_order_relaxed), part = limit_ / 2;
  return std::min(in_lists < part ? part - in_lists : 0, used_soon < limit_ ? limit_ - used_soon : 0);
}

/// What all of it will take, tables as they say.
std::size_t Budget::used_soon() const {
  std::size_t growth = 0;
  for (const Bounded* table : tables_) growth += table->octets_soon() - table->octets();
  return used() + growth;
}

void Budget::settle() {
  ++times_settled_;
  const std::size_t lists = std::max<std::size_t>(std::exchange(growing_lists_, 0), 1);
  if (limit_ == unlimited) return;
  if (used_soon() > limit_) shrink();
  allowance_ = left_for_lists(used_soon()) / lists;
}

/// The largest first; one that cannot give way is left alone.
void Budget::shrink() {
  // Tables below this are not worth their loss.
  constexpr std::size_t small_table_octets = 16 * 1024;
  std::vector<Bounded*> largest_last = tables_;
  while (used_soon() > limit_ && !largest_last.empty()) {
    std::ranges::sort(largest_last, {}, octets_soon);
    Bounded& largest = *largest_last.back();
    const std::size_t before = largest.octets_soon();
    if (before < small_table_octets) return;
    largest.drop_smaller_half();
    if (largest.octets_soon() >= before) largest_last.pop_back();
  }
}

}  // namespace rata::reduce
