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

/// Values on their way from one thread to another. Bounded: never holds more than its capacity, nor values that weigh
/// more than `most_weight` together, unless a single one does.
/// Thread: any number of threads on either side.
template <typename T>
class BoundedQueue {
 public:
  struct Counters {
    std::uint64_t pushed = 0;
    std::uint64_t dropped = 0;
    std::size_t high_water = 0;
  };

  BoundedQueue(std::size_t capacity, std::size_t most_weight, WhenFull when_full)
      : capacity_(capacity), most_weight_(most_weight), when_full_(when_full) {}

  /// False when the value was dropped: the queue was full (drop_newest) or closed.
  bool push(T value, std::size_t weight = 0) {
    std::unique_lock lock(mutex_);
    if (when_full_ == WhenFull::block) room_.wait(lock, [&] { return closed_ || has_room(weight); });
    if (closed_ || !has_room(weight)) {
      ++counters_.dropped;
      return false;
    }
    values_.push_back({std::move(value), weight});
    weight_ += weight;
    ++counters_.pushed;
    counters_.high_water = std::max(counters_.high_water, values_.size());
    lock.unlock();
    filled_.notify_one();
    return true;
  }

  /// Up to `limit` values, of a quarter of the weight that the queue may have, but one at least; waiting at most
  /// `patience` for the first; empty after that time or when closed and drained.
  std::vector<T> pop(std::size_t limit, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, patience, [this] { return closed_ || !values_.empty(); });
    std::vector<T> taken;
    std::size_t weight = 0;
    while (!values_.empty() && taken.size() < limit && (taken.empty() || weight < most_weight_ / 4)) {
      weight += values_.front().weight;
      taken.push_back(std::move(values_.front().value));
      values_.pop_front();
    }
    weight_ -= weight;
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
  struct Weighed {
    T value;
    std::size_t weight = 0;
  };

  bool has_room(std::size_t weight) const {
    return values_.size() < capacity_ && (values_.empty() || weight_ + weight <= most_weight_);
  }

  const std::size_t capacity_, most_weight_;
  const WhenFull when_full_;
  mutable std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<Weighed> values_;
  std::size_t weight_ = 0;
  bool closed_ = false;
  Counters counters_;
};

}  // namespace rata::util
