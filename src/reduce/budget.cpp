#include "reduce/budget.h"

#include <algorithm>

namespace rata::reduce {

void Budget::make_room(std::size_t more) {
  // Tables below this are not worth their loss.
  constexpr std::size_t small_table_octets = 16 * 1024;
  while (limit_ != unlimited && used() + more > limit_ && !tables_.empty()) {
    Bounded& largest = **std::ranges::max_element(tables_, {}, [](const Bounded* table) { return table->octets(); });
    const std::size_t before = largest.octets();
    if (before < small_table_octets) return;
    largest.drop_smaller_half();
    if (largest.octets() >= before) return;
  }
}

}  // namespace rata::reduce
