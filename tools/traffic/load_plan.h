#pragma once

#include <cstdint>

#include "traffic/options.h"

namespace rata::traffic {

/// What happens at one moment.
struct Moment {
  double junk_share = 0;  ///< of the queries
  bool attack = false;    ///< all junk is random subdomains of the first victim
};

/// How many queries a second, and of what kind, at each moment. A function of the moment and the options alone, so that
/// it draws nothing from the run's random numbers. Units: seconds since the start.
class LoadPlan {
 public:
  explicit LoadPlan(const Options& options);

  Moment at(double now_s) const {
    if (now_s >= attack_.begin_s && now_s < attack_.end_s) return {attack_.share, true};
    if (in_cycle(now_s)) return {cycle_.share, true};
    return {junk_share_, false};
  }

  /// Queries a second.
  double rate(double now_s) const {
    double rate = qps_;
    if (sway_ > 0) rate *= 1 + sway_ * wander(now_s);
    if (in_cycle(now_s)) rate *= cycle_.rate_factor;
    return rate;
  }

 private:
  bool in_cycle(double now_s) const { return cycle_.period_s > 0 && late_in_period(now_s); }
  bool late_in_period(double now_s) const;
  double wander(double now_s) const;

  const double qps_;
  const double sway_;
  const double junk_share_;
  const std::uint64_t seed_;
  const Attack attack_;
  const AttackCycle cycle_;
};

}  // namespace rata::traffic
