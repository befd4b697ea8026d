#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rata::reduce {

/// A table whose memory is bounded together with that of others.
class Bounded {
 public:
  virtual std::size_t octets() const = 0;
  /// Lets the keys with the smaller counts go, and the memory they took. What is left may be all it had.
  virtual void drop_smaller_half() = 0;

 protected:
  ~Bounded() = default;
};

/// The memory that the tables of one shard may take together. A table that grows asks for room first; when there is
/// none, the largest table loses the smaller half of its keys, until there is. One that needs much may so have what
/// others do not need, and the same input always loses the same.
/// Thread: that of the shard; `charge` and `release` any.
class Budget {
 public:
  static constexpr std::size_t unlimited = SIZE_MAX;

  explicit Budget(std::size_t limit_octets = unlimited) : limit_(limit_octets) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  void join(Bounded& table) { tables_.push_back(&table); }
  void leave(Bounded& table) { std::erase(tables_, &table); }

  /// Makes room for `more` octets as far as tables can give way. Any of them may be smaller afterwards.
  void make_room(std::size_t more);

  /// Whether `more` octets are left, without anything having to go: for lists, which cannot give way.
  bool has_room(std::size_t more) const { return limit_ == unlimited || used() + more <= limit_; }

  void charge(std::size_t octets) { used_.fetch_add(octets, std::memory_order_relaxed); }
  void release(std::size_t octets) { used_.fetch_sub(octets, std::memory_order_relaxed); }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
  std::vector<Bounded*> tables_;
};

}  // namespace rata::reduce
