#include "app/signals.h"

#include <pthread.h>

#include <ctime>
#include <utility>

namespace rata::app {

namespace {

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGHUP);
  return signals;
}

}  // namespace

SignalsBlocked::SignalsBlocked() {
  const sigset_t signals = watched_signals();
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
}

SignalsBlocked::~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

SignalWatch::SignalWatch(std::function<void()> on_stop, Hangup hangup)
    : on_stop_(std::move(on_stop)), hangup_(hangup), signals_(watched_signals()) {
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

SignalWatch::~SignalWatch() {
  thread_.request_stop();
  thread_.join();
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

void SignalWatch::watch(const std::stop_token& stop) {
  const timespec patience{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (!stop.stop_requested()) {
    const int signal = sigtimedwait(&signals_, nullptr, &patience);
    if (signal < 0) continue;
    if (signal == SIGUSR1) {
      asked_ = true;
      continue;
    }
    if (signal == SIGHUP && hangup_ == Hangup::reloads) {
      reload_asked_ = true;
      continue;
    }
    if (stopped_.exchange(true)) {
      std::signal(signal, SIG_DFL);
      pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
      std::raise(signal);
    }
    on_stop_();
  }
}

}  // namespace rata::app
