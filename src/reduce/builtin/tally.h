#pragma once

#include <cstdint>
#include <mutex>
#include <span>

#include "reduce/code_table.h"
#include "reduce/key_maker.h"
#include "reduce/key_table.h"
#include "reduce/row_maker.h"
#include "summary/summary.h"

namespace rata::reduce {

/// Counts by key, each in the form that it has. Reducers that count the same, and only show it in other ways, share
/// one: the first of them counts, and what has been counted goes when the last has shown it.
class Tally {
 public:
  /// `cells`: keys at a time. `budget`: outlives it; nullptr: only `cells` bounds it.
  Tally(std::size_t cells, Budget* budget) : numbers_(cells, budget), octets_(cells, budget) {}

  /// One more shows it. True for the first, who has to count.
  bool join() { return users_++ == 0; }
  /// One more shows it, who leaves the counting to those who have joined.
  void watch() { ++users_; }

  /// Packets of the batch that `keys` have been started with.
  void add(const KeyMaker& keys, std::span<const std::uint16_t> packets);

  /// The first sharer's call leaves nothing for the others'. Thread: several sharers at a time.
  void absorb(Tally& other);

  /// What tallies with the same keys have counted together, as rows. Thread: as `absorb`.
  static summary::Counts counts_of(std::span<Tally* const> tallies, const KeyMaker& keys, const RowRules& rules,
                                   const Context& context);

  /// Each who shows it says so once a window, having done it. Thread: as `absorb`.
  void taken();

 private:
  struct Waiting;

  void count(std::span<const std::uint64_t> numbers);
  void count(std::span<const Waiting> group);
  bool is_empty() const;

  CodeTable numbers_;
  KeyTable octets_;
  std::size_t users_ = 0, taken_ = 0;
  std::mutex mutex_;
};

}  // namespace rata::reduce
