#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "aggregate/json_text.h"
#include "aggregate/processor.h"
#include "aggregate/processors/rate_windows.h"

namespace rata::aggregate {

/// Writes the views of `rates` as they are at one moment.
/// Lifetime: what it was made from.
class RatesJson {
 public:
  /// `oldest_change`: windows that start earlier are as they were when the last view was written.
  RatesJson(const Spans& spans, const Moment& moment, const std::map<std::string, RateWindows>& windows,
            util::Time oldest_change);

  std::string view(const Wanted& wanted) const;
  /// `with_total`: the newer of the two older forms.
  std::string older(bool with_total) const;

 private:
  /// A server's share of a view.
  struct Server {
    std::string name;
    std::array<double, rate_kinds> per_second{};
    std::string series;
  };
  using Mean = std::array<double, rate_kinds>;

  /// The seconds that a series stands for: `count` values from `start` on, each `step` long.
  struct Grid {
    std::int64_t start = 0;
    std::int64_t step = 1;
    std::size_t count = 0;
  };

  Grid grid(std::size_t span) const;
  std::size_t live_values(const Grid& grid) const;
  Server server(const std::string& name, std::size_t span, const Grid& grid, std::size_t skipped) const;
  Mean mean(const RateWindows& windows, std::size_t span) const;
  const RateWindows& windows_of(const std::string& server) const;

  const Spans& spans_;
  const Moment& moment_;
  const std::map<std::string, RateWindows>& windows_;
  util::Time oldest_change_;
  std::int64_t step_;
  const RateWindows nothing_;
};

}  // namespace rata::aggregate
