#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregate/origin.h"
#include "summary/summary.h"
#include "util/time.h"

namespace rata::aggregate {

enum class RateKind : std::uint8_t { queries, responses };
constexpr std::size_t rate_kinds = 2;

/// By the name of the rate: "qps", "aps". Errors: nullopt for any other.
std::optional<RateKind> rate_kind(std::string_view name);

/// How many over what time. Units of time: whole nanoseconds, so that sums are exact in any order.
struct Watched {
  std::uint64_t count = 0;
  std::int64_t ns = 0;
  bool is_known = false;  ///< a monitor said so

  double per_second() const {
    return ns > 0 ? static_cast<double>(count) * static_cast<double>(util::ns_per_second) / static_cast<double>(ns) : 0;
  }
};

/// One window of a server: monitors that watched it side by side add, the time stays.
struct RateWindow {
  util::Time start, end;
  std::array<Watched, rate_kinds> watched;
};

/// The windows of one server, by their end.
class RateWindows {
 public:
  Taken add(const Origin& origin, RateKind kind, const summary::Rate& rate);
  void forget_until(util::Time cutoff);
  /// Gives up the oldest windows beyond `limit`. Returns how many.
  std::size_t cut(std::size_t limit);

  /// Calls `use(const RateWindow&)` for each that ends after `cutoff`, oldest first.
  template <typename Use>
  void each_after(util::Time cutoff, Use use) const {
    for (auto pane = panes_.upper_bound({cutoff, util::Time{latest}}); pane != panes_.end(); ++pane)
      use(pane->second.window);
  }
  bool any_after(util::Time cutoff) const { return !panes_.empty() && panes_.rbegin()->first.first > cutoff; }
  std::size_t size() const { return panes_.size(); }

  /// Windows by their length in whole seconds, at least one.
  const std::map<std::int64_t, std::size_t>& lengths() const { return lengths_; }

 private:
  static constexpr std::int64_t latest = INT64_MAX;

  struct Contribution {
    std::uint64_t id = 0;
    std::uint32_t revision = 0;
    RateKind kind = RateKind::queries;
    std::uint64_t count = 0;
    std::int64_t ns = 0;
  };
  struct Pane {
    RateWindow window;
    std::vector<Contribution> contributions;
  };
  using Panes = std::map<std::pair<util::Time, util::Time>, Pane>;  ///< by end, then start

  static Taken contribute(Pane& pane, const Contribution& contribution);
  static void add_up(Pane& pane);
  void remove_oldest();

  Panes panes_;
  std::map<std::int64_t, std::size_t> lengths_;
};

}  // namespace rata::aggregate
