#include "reduce/budget.h"

#include <algorithm>

namespace rata::reduce {
namespace {

/// More lists than this that are all full are not foreseen.
constexpr std::size_t most_lists = 16;

std::size_t octets_soon(const Bounded* table) { return table->octets_soon(); }

}  // namespace

Budget::Budget(std::size_t limit_octets)
    : limit_(limit_octets), allowance_(limit_octets == unlimited ? unlimited : left_for_lists(0) / most_lists) {}

std::size_t Budget::left_for_lists(std::size_t used_soon) const {
  const std::size_t in_lists = in_lists_.load(std::memory_order_relaxed), part = limit_ / 4;
  return std::min(in_lists < part ? part - in_lists : 0, used_soon < limit_ ? limit_ - used_soon : 0);
}

void Budget::settle() {
  ++times_settled_;
  if (limit_ == unlimited) return;
  // Tables below this are not worth their loss.
  constexpr std::size_t small_table_octets = 16 * 1024;
  for (;;) {
    std::size_t growth = 0;
    for (const Bounded* table : tables_) growth += table->octets_soon() - table->octets();
    const std::size_t soon = used() + growth;
    allowance_ = left_for_lists(soon) / most_lists;
    if (soon <= limit_ || tables_.empty()) return;
    Bounded& largest = **std::ranges::max_element(tables_, {}, octets_soon);
    const std::size_t before = largest.octets_soon();
    if (before < small_table_octets) return;
    largest.drop_smaller_half();
    if (largest.octets_soon() >= before) return;
  }
}

}  // namespace rata::reduce
