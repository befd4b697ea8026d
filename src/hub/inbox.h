#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "serve/delivery.h"

namespace rata::hub {

/// What has come and is not committed yet: whole deliveries, which somebody waits for, and single messages, which
/// nobody does. Deliveries are bounded by who brings them, messages here: beyond it they are dropped and counted.
/// Thread: any.
class Inbox {
 public:
  static constexpr std::size_t most_message_octets = std::size_t{64} << 20;

  struct Posted {
    serve::Delivery delivery;
    std::function<void(serve::Receipt)> answer;
  };
  struct Taken {
    std::vector<Posted> deliveries;
    std::vector<std::string> messages;
    std::vector<std::function<void()>> jobs;
    std::uint64_t dropped_messages = 0;  ///< for want of room, since the last time

    bool empty() const { return deliveries.empty() && messages.empty() && jobs.empty(); }
  };

  void put(Posted posted);
  void put(std::string message);
  /// Something else that the thread which takes is to do, once. False: it ends.
  [[nodiscard]] bool put(std::function<void()> job);
  static constexpr std::size_t most_at_once = 64;  ///< deliveries: so that in a backlog others get their turn too

  /// What has come, the oldest first; waits for something, or until `patience` is over or `close` is called.
  Taken take(std::chrono::milliseconds patience);
  std::vector<std::function<void()>> take_jobs();
  void close();
  bool is_closed() const;
  /// Nothing more comes, and nothing waits.
  bool finished() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Taken waiting_;
  std::size_t message_octets_ = 0;
  bool closed_ = false;
};

}  // namespace rata::hub
