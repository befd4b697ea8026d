#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "channel/redis_subscriber.h"

namespace rata::channel {

/// What a subscriber handed on ("channel: message") and reported, for a test that waits for it.
class Heard {
 public:
  RedisSubscriber::Take take() {
    return [this](std::string_view channel, std::string_view message) {
      add(messages_, std::string(channel) + ": " + std::string(message));
    };
  }
  RedisSubscriber::Report report() {
    return [this](const std::string& text) { add(reports_, text); };
  }

  /// As soon as there are so many, or what there is after a time in which all should have come.
  std::vector<std::string> messages(std::size_t count) { return wait_for(messages_, count); }
  std::vector<std::string> reports(std::size_t count = 0) { return wait_for(reports_, count); }
  /// Whether a message that `fits` comes, as the last one so far.
  template <typename Fits>
  bool last_message(Fits fits) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return !messages_.empty() && fits(messages_.back()); });
  }

 private:
  static constexpr std::chrono::seconds patience{20};
  using Texts = std::vector<std::string>;

  void add(Texts& to, std::string text) {
    {
      const std::scoped_lock lock(mutex_);
      to.push_back(std::move(text));
    }
    changed_.notify_all();
  }

  Texts wait_for(Texts& texts, std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return texts.size() >= count; });
    return texts;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Texts messages_, reports_;
};

}  // namespace rata::channel
