#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

namespace rata::app {

/// While it lives, the thread that made it, and the threads that this one makes, leave the signals of SignalWatch
/// alone: for threads that begin before there is a watch.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// Ctrl-C and SIGTERM end a program in order: `on_stop` is called once, on a thread of its own; a second signal ends
/// the process at once. SIGUSR1 asks how things stand: `balance_asked` tells of it once, and whoever works answers when
/// it can. SIGHUP ends it too, or, where there is a configuration to read again, asks for that (`reload_asked`). Made
/// before any other thread, so that all of them leave these signals alone.
class SignalWatch {
 public:
  enum class Hangup { ends, reloads };
  explicit SignalWatch(std::function<void()> on_stop, Hangup hangup = Hangup::ends);
  ~SignalWatch();
  bool stopped() const { return stopped_; }
  bool balance_asked() { return asked_.exchange(false); }
  bool reload_asked() { return reload_asked_.exchange(false); }

 private:
  void watch(const std::stop_token& stop);

  std::function<void()> on_stop_;
  Hangup hangup_;
  sigset_t signals_{};
  std::atomic<bool> stopped_ = false, asked_ = false, reload_asked_ = false;
  std::jthread thread_;
};

}  // namespace rata::app
