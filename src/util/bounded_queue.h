#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace rata::util {

/// What a full queue does to the one who pushes: files wait, live sources drop what is new and count it.
enum class WhenFull { block, drop_newest };

/// Values on their way from one thread to another. Bounded: never holds more than its capacity.
/// Thread: any number of threads on either side.
template <typename T>
class BoundedQueue {
 public:
  struct Counters {
    std::uint64_t pushed = 0;
    std::uint64_t dropped = 0;
    std::size_t high_water = 0;
  };

  BoundedQueue(std::size_t capacity, WhenFull when_full) : capacity_(capacity), when_full_(when_full) {}

  /// False when the value was dropped: the queue was full (drop_newest) or closed.
  bool push(T value) {
    std::unique_lock lock(mutex_);
    if (when_full_ == WhenFull::block) room_.wait(lock, [this] { return closed_ || values_.size() < capacity_; });
    if (closed_ || values_.size() >= capacity_) {
      ++counters_.dropped;
      return false;
    }
    values_.push_back(std::move(value));
    ++counters_.pushed;
    counters_.high_water = std::max(counters_.high_water, values_.size());
    lock.unlock();
    filled_.notify_one();
    return true;
  }

  /// Up to `limit` values, waiting at most `patience` for the first; empty after that time or when closed and drained.
  std::vector<T> pop(std::size_t limit, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, patience, [this] { return closed_ || !values_.empty(); });
    std::vector<T> taken;
    while (!values_.empty() && taken.size() < limit) {
      taken.push_back(std::move(values_.front()));
      values_.pop_front();
    }
    lock.unlock();
    if (!taken.empty()) room_.notify_all();
    return taken;
  }

  /// No value enters any more; what is inside can still be taken out.
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    room_.notify_all();
    filled_.notify_all();
  }

  /// Closed, and nothing left inside.
  bool drained() const {
    const std::scoped_lock lock(mutex_);
    return closed_ && values_.empty();
  }

  Counters counters() const {
    const std::scoped_lock lock(mutex_);
    return counters_;
  }

 private:
  const std::size_t capacity_;
  const WhenFull when_full_;
  mutable std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<T> values_;
  bool closed_ = false;
  Counters counters_;
};

}  // namespace rata::util
