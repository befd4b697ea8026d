#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace rata::util {

/// Many may be inside (`lock_shared`), or one alone (`lock`). Who wants to be alone comes before those who want in
/// after him, which std::shared_mutex does not promise: threads that are inside nearly all the time cannot keep him
/// out.
class Gate {
 public:
  void lock_shared() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return waiting_ == 0 && !alone_; });
    ++inside_;
  }
  void unlock_shared() {
    const std::scoped_lock lock(mutex_);
    if (--inside_ == 0 && waiting_ > 0) emptied_.notify_one();
  }
  void lock() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    emptied_.wait(lock, [this] { return inside_ == 0 && !alone_; });
    --waiting_;
    alone_ = true;
  }
  void unlock() {
    const std::scoped_lock lock(mutex_);
    alone_ = false;
    waiting_ > 0 ? emptied_.notify_one() : opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_, emptied_;
  std::size_t inside_ = 0, waiting_ = 0;
  bool alone_ = false;
};

}  // namespace rata::util
