#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace rata::hub {

/// When what has come is shown: as soon as no more of it comes, but not too often, since everybody who looks is sent it
/// each time, and not too late, where more comes all the time.
class Showing {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds not_before{150};  ///< from one time to the next
  static constexpr std::chrono::milliseconds at_latest{250};   ///< after the first change that is not shown
  /// So long nothing comes after a burst; of senders that are spread over the second something always does.
  static constexpr std::chrono::milliseconds lull{20};

  void changed(Clock::time_point now) {
    if (!since_) since_ = now;
  }
  bool has_changes() const { return since_.has_value(); }
  /// `is_lull`: nothing more has come for a while.
  bool is_due(Clock::time_point now, bool is_lull) const {
    return since_ && (now >= *since_ + at_latest || (is_lull && now >= shown_ + not_before));
  }
  void shown(Clock::time_point now) {
    shown_ = now;
    since_.reset();
  }

 private:
  std::optional<Clock::time_point> since_;
  Clock::time_point shown_{};
};

/// When the status is made anew, which of many servers is long, and everybody is sent it.
class StatusPace {
 public:
  using Clock = Showing::Clock;
  static constexpr std::chrono::milliseconds restoring{250}, usual{1000}, of_many{5000};
  static constexpr std::size_t many_monitors = 20;

  bool is_due(Clock::time_point now) const { return now >= next_; }
  /// Whether views are whole is looked at each time, and told at once when that changes.
  bool is_due(Clock::time_point now, bool is_restoring) const { return is_due(now) || is_restoring != told_restoring_; }
  void made(Clock::time_point now, std::size_t monitors, bool is_restoring) {
    next_ = now + (is_restoring ? restoring : monitors > many_monitors ? of_many : usual);
    told_restoring_ = is_restoring;
  }

 private:
  Clock::time_point next_{};
  bool told_restoring_ = false;
};

}  // namespace rata::hub
