#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

namespace rata::app {

/// Ctrl-C and SIGTERM end a program in order: `on_stop` is called once, on a thread of its own; a second signal ends
/// the process at once. Made before any other thread, so that all of them leave these signals alone.
class SignalWatch {
 public:
  explicit SignalWatch(std::function<void()> on_stop);
  ~SignalWatch();
  bool stopped() const { return stopped_; }

 private:
  void watch(const std::stop_token& stop);

  std::function<void()> on_stop_;
  sigset_t signals_{};
  std::atomic<bool> stopped_ = false;
  std::jthread thread_;
};

}  // namespace rata::app
