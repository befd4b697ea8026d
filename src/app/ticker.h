#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace rata::app {

/// Sleeps until the next tick, or until woken for good.
class Ticker {
 public:
  void wake() {
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
  }
  /// False: it was woken.
  bool wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100), [this] { return stopped_; });
    return !stopped_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

}  // namespace rata::app
