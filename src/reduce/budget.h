#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rata::reduce {

/// Packets of a shard between two looks at its memory.
inline constexpr std::size_t settle_packets = 1024;

/// A table whose memory is bounded together with that of others.
class Bounded {
 public:
  virtual std::size_t octets() const = 0;
  /// What it takes once `settle_packets` more keys have come, as far as that can be told.
  virtual std::size_t octets_soon() const = 0;
  /// Lets the keys with the smaller counts go, and the memory they took. What is left may be all it had.
  virtual void drop_smaller_half() = 0;

 protected:
  ~Bounded() = default;
};

/// The memory that the tables and lists of one shard may take together. Now and then it is settled: as long as the
/// tables will soon take more, the largest loses the smaller half of its keys. So one that needs much may have what
/// others do not need. Lists cannot give way, and take more memory when they are written out: together they have half
/// of it at most, and those that grew last time share what is left of it until the next time.
/// It is settled at places that the shard's packets alone determine, not when a table grows: in between, one reducer's
/// tables see a batch before the other's, and how the input is cut into batches must not show in any result.
/// Thread: that of the shard; `charge` and `release` any.
class Budget {
 public:
  static constexpr std::size_t unlimited = SIZE_MAX;

  explicit Budget(std::size_t limit_octets = unlimited);
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  void join(Bounded& table) { tables_.push_back(&table); }
  void leave(Bounded& table) { std::erase(tables_, &table); }

  void settle();

  std::uint64_t times_settled() const { return times_settled_; }
  /// How much a list may grow until it is settled again. A list that begins to grow says so.
  std::size_t allowance() const { return allowance_; }
  void list_grows() { ++growing_lists_; }

  void charge_list(std::size_t octets) {
    charge(octets);
    in_lists_.fetch_add(octets, std::memory_order_relaxed);
  }
  void release_list(std::size_t octets) {
    release(octets);
    in_lists_.fetch_sub(octets, std::memory_order_relaxed);
  }
  void charge(std::size_t octets) { used_.fetch_add(octets, std::memory_order_relaxed); }
  void release(std::size_t octets) { used_.fetch_sub(octets, std::memory_order_relaxed); }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  std::size_t used_soon() const;
  void shrink();
  std::size_t left_for_lists(std::size_t used_soon) const;

  std::size_t limit_;
  std::uint64_t times_settled_ = 0;
  std::size_t growing_lists_ = 0;  ///< since it was settled
  std::atomic<std::size_t> used_ = 0, in_lists_ = 0;
  std::size_t allowance_;
  std::vector<Bounded*> tables_;
};

}  // namespace rata::reduce
