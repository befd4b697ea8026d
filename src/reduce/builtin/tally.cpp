#include "reduce/builtin/tally.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace rata::reduce {
namespace {

/// Calls `use` with what the tables have of each key together, as an entry of the first that has it.
template <typename Table, typename Use>
void each_sum(std::span<const Table* const> tables, Use use) {
  for (std::size_t i = 0; i < tables.size(); ++i)
    tables[i]->each([&](typename Table::Entry entry) {
      const auto knows = [&](const Table* table) { return table->count_of(entry) != 0; };
      if (std::ranges::any_of(tables.first(i), knows)) return;
      std::uint64_t more = 0;
      for (const Table* const table : tables.subspan(i + 1)) more += table->count_of(entry);
      entry.count += more;
      use(entry);
    });
}

}  // namespace

struct Tally::Waiting {
  KeyMaker::Made key;
  std::array<std::uint8_t, KeyMaker::max_octets> room;
};

// Keys first, then the tables: what is asked for ahead comes while the other keys are made.
void Tally::add(const KeyMaker& keys, std::span<const std::uint16_t> packets) {
  std::array<std::uint64_t, max_batch_packets> numbers;
  if (keys.only_codes()) return count({numbers.data(), keys.make_numbers(packets, numbers.data())});
  static thread_local std::array<Waiting, 16> group;
  std::size_t found = 0, waiting = 0;
  for (const std::uint16_t packet : packets) {
    const KeyMaker::Form form = keys.make_number(packet, numbers[found]);
    if (form == KeyMaker::Form::number) {
      numbers_.prefetch(numbers[found++]);
    } else if (form == KeyMaker::Form::octets) {
      Waiting& next = group[waiting];
      if (!keys.make_octets(packet, next.room.data(), next.key)) continue;
      octets_.prefetch(next.key.hash);
      if (++waiting == group.size()) count(std::span(group).first(std::exchange(waiting, 0)));
    }
  }
  count(std::span(group).first(waiting));
  count({numbers.data(), found});
}

void Tally::count(std::span<const std::uint64_t> numbers) {
  for (const std::uint64_t number : numbers) numbers_.add(number);
}

void Tally::count(std::span<const Waiting> group) {
  for (const Waiting& waiting : group) octets_.prefetch_key(waiting.key.hash);
  for (const Waiting& waiting : group) octets_.add(waiting.key.hash, waiting.key.octets);
}

bool Tally::is_empty() const {
  const auto nothing = [](const auto& table) { return table.size() == 0 && table.dropped_count() == 0; };
  return nothing(numbers_) && nothing(octets_);
}

void Tally::absorb(Tally& other) {
  const std::scoped_lock lock(mutex_, other.mutex_);
  if (other.is_empty()) return;
  numbers_.absorb(std::move(other.numbers_));
  octets_.absorb(std::move(other.octets_));
}

summary::Counts Tally::counts_of(std::span<Tally* const> tallies, const KeyMaker& keys, const RowRules& rules,
                                 const Context& context) {
  // In the order given, which is the same for all who show them.
  std::vector<std::unique_lock<std::mutex>> locks;
  for (Tally* const tally : tallies) locks.emplace_back(tally->mutex_);
  summary::Counts counts;
  for (const DimensionUse& use : keys.uses()) counts.by.emplace_back(use.dimension->name);
  std::vector<const CodeTable*> numbers;
  std::vector<const KeyTable*> octets;
  summary::RestRow dropped;
  std::size_t sizes = 0;
  for (const Tally* const tally : tallies) {
    numbers.push_back(&tally->numbers_);
    octets.push_back(&tally->octets_);
    dropped.keys += tally->numbers_.dropped_keys() + tally->octets_.dropped_keys();
    dropped.count += tally->numbers_.dropped_count() + tally->octets_.dropped_count();
    counts.error += std::max(tally->numbers_.error(), tally->octets_.error());
    sizes += tally->numbers_.size();
  }
  if (dropped.count > 0) counts.rest.push_back(std::move(dropped));
  std::vector<std::uint8_t> unpacked(sizes * KeyMaker::max_unpacked_octets);
  std::vector<RowMaker::Cell> cells;
  std::uint8_t* room = unpacked.data();
  each_sum<CodeTable>(numbers, [&](const CodeTable::Entry& entry) {
    cells.push_back({keys.unpack(entry.key, room), entry.count});
    room += cells.back().key.size();
  });
  each_sum<KeyTable>(octets, [&](const KeyTable::Entry& entry) { cells.push_back({entry.key, entry.count}); });
  RowMaker(keys, rules, context).make(cells, counts);
  return counts;
}

void Tally::taken() {
  const std::scoped_lock lock(mutex_);
  if (++taken_ != users_) return;
  numbers_.clear();
  octets_.clear();
  taken_ = 0;
}

}  // namespace rata::reduce
