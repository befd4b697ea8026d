#pragma once

#include <chrono>

namespace rata::channel {

/// Shares the time of sending: while both wait, what an earlier trouble left behind gets as much of it as what is
/// fresh, which goes first. Otherwise whoever waits gets all.
class SpoolPace {
 public:
  /// Whose turn it is.
  bool older_next(bool fresh_waits, bool older_waits) {
    shared_ = fresh_waits && older_waits;
    if (!shared_) lead_ = {};
    return shared_ ? lead_.count() > 0 : older_waits;
  }

  /// What the turn took.
  void spent(bool older, std::chrono::nanoseconds time) {
    if (shared_) lead_ += older ? -time : time;
  }

 private:
  std::chrono::nanoseconds lead_{};  // that fresh ones had more
  bool shared_ = false;
};

}  // namespace rata::channel
