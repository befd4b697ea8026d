#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "channel/channel.h"
#include "util/bounded_queue.h"

namespace rata::channel {

struct SenderConfig {
  std::size_t queue_capacity_summaries = 4096;
  std::size_t queue_octets = 32 * 1024 * 1024;  ///< roughly; one summary that is larger may be in it alone
  std::size_t batch_summaries = 256;
  util::WhenFull when_full = util::WhenFull::block;  ///< files wait; live sources drop and count
  std::chrono::milliseconds first_retry{100};        ///< doubles up to `longest_retry`
  std::chrono::milliseconds longest_retry{10'000};
  std::chrono::milliseconds drain{5'000};  ///< how long `close` goes on trying
};

/// A channel with what every channel needs: a bounded queue, batches, retry with back-off, counters, a thread.
class Sender {
 public:
  /// Said once per trouble, and once when it is over: a sentence for the operator.
  using Report = std::function<void(const std::string&)>;

  Sender(std::string name, std::unique_ptr<Channel> channel, const SenderConfig& config, Report report);
  ~Sender();

  /// Thread: any. With WhenFull::block waits for room.
  void send(summary::Summary summary);

  /// The end is near: from `drain` from now on a failed attempt is the last one. So a `send` that waits for room comes
  /// back in time. Thread: any.
  void hurry();

  /// Sends what waits, for at most `drain`; what is left is dropped and counted.
  void close();

  /// Windows' summaries: pushed = sent + waiting + dropped.
  struct Counters {
    std::uint64_t pushed = 0, sent = 0, dropped = 0, waiting = 0, failed_attempts = 0;
    BestEffort best_effort;  ///< of those sent
  };
  Counters counters() const;
  const std::string& name() const { return name_; }
  /// The other side has left for good: nothing will be sent any more.
  bool gone() const { return gone_; }

 private:
  void run();
  void deliver(std::vector<summary::Summary> batch);
  void note_sent(const Attempt& attempt, std::size_t batch_size);
  void take_out(std::vector<summary::Summary>& batch, const std::vector<bool>& out);
  bool out_of_time();
  bool wait_for_retry(std::chrono::milliseconds pause);

  std::string name_;
  std::unique_ptr<Channel> channel_;
  SenderConfig config_;
  Report report_;
  util::BoundedQueue<summary::Summary> queue_;
  std::atomic<std::uint64_t> sent_ = 0, given_up_ = 0, failed_attempts_ = 0;
  std::atomic<bool> gone_ = false;
  std::atomic<bool> closing_ = false;
  std::chrono::steady_clock::time_point deadline_{};  // set before closing_
  std::mutex mutex_;
  std::condition_variable closing_changed_;
  bool failing_ = false;   // the last attempt
  std::string last_note_;  // of an attempt that succeeded
  std::thread thread_;
};

}  // namespace rata::channel
