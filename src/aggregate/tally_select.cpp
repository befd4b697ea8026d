#include <algorithm>

#include "aggregate/tally.h"

namespace rata::aggregate {
namespace {

/// The `limit` largest of many counters, kept in a heap: no full sort. `before(a, b)` decides between equals.
template <typename Before>
class Largest {
 public:
  Largest(std::size_t limit, Before before) : limit_(limit), before_(before) {}

  void offer(Tally::Counter counter) {
    if (kept_.size() == limit_) {
      if (limit_ == 0 || counter.queries < kept_.front().queries || !goes_first(counter, kept_.front())) return;
      std::ranges::pop_heap(kept_, order());
      kept_.pop_back();
    }
    kept_.push_back(counter);
    std::ranges::push_heap(kept_, order());
  }

  std::vector<Tally::Counter> take() {
    std::ranges::sort_heap(kept_, order());
    return std::move(kept_);
  }

 private:
  bool goes_first(const Tally::Counter& left, const Tally::Counter& right) const {
    if (left.queries != right.queries) return left.queries > right.queries;
    return before_(left.slot, right.slot);
  }
  auto order() const {
    return [this](const Tally::Counter& left, const Tally::Counter& right) { return goes_first(left, right); };
  }

  std::size_t limit_;
  Before before_;
  std::vector<Tally::Counter> kept_;  ///< a heap: the one to go next is in front
};

}  // namespace

std::vector<Tally::Counter> Tally::largest_keys(std::size_t span, std::size_t limit, Ties ties) const {
  Largest largest(limit, [this, ties](std::uint32_t left, std::uint32_t right) {
    return ties == Ties::by_text ? shared_.texts.before(keys_[left].text, keys_[right].text)
                                 : keys_[left].appearance < keys_[right].appearance;
  });
  for (std::uint32_t key = 0; key < keys_.slots(); ++key)
    if (const std::uint64_t count = keys_.counters.at(key, span).count; count > 0) largest.offer({count, key});
  return largest.take();
}

std::vector<Tally::Parts> Tally::largest_parts(std::size_t span, const std::vector<Counter>& keys, std::size_t limit,
                                               Ties ties) const {
  const auto before = [this, ties](std::uint32_t left, std::uint32_t right) {
    return ties == Ties::by_text ? shared_.texts.before(cells_[left].part_text, cells_[right].part_text)
                                 : cells_[left].appearance < cells_[right].appearance;
  };
  std::vector<Largest<decltype(before)>> largest(keys.size(), {limit, before});
  std::vector<Parts> all(keys.size());
  constexpr std::uint32_t no_row = 0xffffffff;
  std::vector<std::uint32_t> row_of_key(keys_.slots(), no_row);
  for (std::uint32_t row = 0; row < keys.size(); ++row) {
    row_of_key[keys[row].slot] = row;
    all[row].distinct = keys_.counters.at(keys[row].slot, span).rest_parts;
  }

  for (std::uint32_t cell = 0; cell < cells_.slots(); ++cell) {
    const std::uint64_t count = cells_.counters.at(cell, span);
    if (count == 0) continue;
    const std::uint32_t row = row_of_key[cells_[cell].key];
    if (row == no_row) continue;
    ++all[row].distinct;
    largest[row].offer({count, cell});
  }
  for (std::size_t row = 0; row < keys.size(); ++row) all[row].largest = largest[row].take();
  return all;
}

}  // namespace rata::aggregate
