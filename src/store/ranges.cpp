#include "store/ranges.h"

#include <iterator>

namespace rata::store {

bool Ranges::has(std::uint64_t number) const {
  const auto after = ranges_.upper_bound(number);
  return after != ranges_.begin() && std::prev(after)->second.last >= number;
}

std::uint64_t Ranges::add(std::uint64_t number, util::Time begins, util::Time ends) {
  auto after = ranges_.upper_bound(number);
  auto place = ranges_.end();
  if (after != ranges_.begin()) {
    const auto before = std::prev(after);
    if (before->second.last >= number) return before->first;
    if (before->second.last + 1 == number) {
      before->second.last = number;
      before->second.ends = ends;
      place = before;
    }
  }
  if (place == ranges_.end()) place = ranges_.emplace_hint(after, number, Range{number, begins, ends});
  if (after != ranges_.end() && after->first == number + 1) {
    place->second.last = after->second.last;
    place->second.ends = after->second.ends;
    ranges_.erase(after);
  }
  const std::uint64_t first = place->first;
  if (ranges_.size() <= most) return first;
  const auto lowest = ranges_.begin(), next = std::next(lowest);
  lowest->second.last = next->second.last;
  lowest->second.ends = next->second.ends;
  ranges_.erase(next);
  return lowest->first;
}

void Ranges::forget_below(std::uint64_t number) {
  while (!ranges_.empty() && ranges_.begin()->second.last < number) ranges_.erase(ranges_.begin());
}

}  // namespace rata::store
