#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "script/host/columns.h"

namespace rata::script {

/// Puts the messages of all shards into the order of the input. Blocks of a shard come in order, those of different
/// shards as threads have time; what came before an `ordered` record comes before what follows it.
class Inbox {
 public:
  /// Called with columns whose first `count` places are messages of one window, in order.
  using Use = std::function<void(std::uint32_t window, std::size_t count)>;

  Inbox(Columns& columns, Use use) : columns_(columns), use_(std::move(use)) {}

  /// Keeps a copy: the record may go.
  void add(std::span<const std::uint8_t> record);
  /// All that was added is complete up to here: uses it.
  void settle();
  /// The order does not matter: uses a block where it lies.
  void use_at_once(std::span<const std::uint8_t> record);

 private:
  /// Blocks of one window, behind each other in memory.
  struct Pending {
    std::vector<std::uint8_t> octets;
    std::vector<std::size_t> blocks;  ///< where each begins
  };

  void settle(std::uint32_t window, const Pending& pending);
  bool count_turns(std::span<const BlockReader> blocks);
  void use_by_turn(std::uint32_t window, std::vector<BlockReader>& blocks);
  void use_by_search(std::uint32_t window, std::vector<BlockReader>& blocks);
  void put_below(BlockReader& block, std::size_t base, std::size_t end);

  Columns& columns_;
  Use use_;
  std::map<std::uint32_t, Pending> windows_;
  std::uint64_t first_turn_ = 0;
  std::vector<std::uint32_t> place_of_;  ///< by turn from the first: where its next message belongs
  std::size_t messages_ = 0;
};

}  // namespace rata::script
