#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "summary/summary.h"
#include "util/bounded_queue.h"

namespace rata::channel {

/// Summaries before a sender: a bounded queue, and a way to let in who waits for room all the same.
/// Thread: any number push, one pops, any makes way.
class WaitingLine {
 public:
  using Queue = util::BoundedQueue<summary::Summary>;

  WaitingLine(std::size_t capacity, std::size_t most_octets, util::WhenFull when_full)
      : queue_(capacity, most_octets, when_full) {}

  /// As those of the queue.
  bool push(summary::Summary summary, std::size_t octets) {
    ++pushing_;
    const bool taken = queue_.push(std::move(summary), octets);
    --pushing_;
    return taken;
  }
  std::vector<summary::Summary> pop(std::size_t limit, std::chrono::milliseconds patience) {
    if (std::vector<summary::Summary> first = pop_aside(limit); !first.empty()) return first;
    return queue_.pop(limit, patience);
  }
  void close() { queue_.close(); }
  bool drained() const {
    const std::scoped_lock lock(mutex_);
    return aside_.empty() && queue_.drained();
  }
  Queue::Counters counters() const { return queue_.counters(); }

  /// While somebody pushes: a few of what came first are set aside, beyond the bounds, and there is room for as many.
  /// They are popped first; until then the queue stays as full as it is.
  void make_way() {
    constexpr std::size_t few = 16;
    if (pushing_ == 0) return;
    const std::scoped_lock lock(mutex_);
    std::ranges::move(queue_.pop(few, std::chrono::milliseconds(0)), std::back_inserter(aside_));
  }

 private:
  std::vector<summary::Summary> pop_aside(std::size_t limit) {
    const std::scoped_lock lock(mutex_);
    std::vector<summary::Summary> taken;
    for (; !aside_.empty() && taken.size() < limit; aside_.pop_front()) taken.push_back(std::move(aside_.front()));
    return taken;
  }

  Queue queue_;
  std::atomic<unsigned> pushing_ = 0;
  mutable std::mutex mutex_;
  std::deque<summary::Summary> aside_;  // what came before all that is in the queue
};

}  // namespace rata::channel
