#include "aggregate/processors/rate_windows.h"

#include <algorithm>
#include <cmath>

namespace rata::aggregate {
namespace {

constexpr double longest_seconds = 366.0 * 86'400;

std::int64_t whole_seconds(const RateWindow& window) {
  return std::max<std::int64_t>(1, std::llround(util::seconds_between(window.start, window.end)));
}

}  // namespace

std::optional<RateKind> rate_kind(std::string_view name) {
  if (name == "qps") return RateKind::queries;
  if (name == "aps") return RateKind::responses;
  return std::nullopt;
}

Taken RateWindows::add(const Origin& origin, RateKind kind, const summary::Rate& rate) {
  if (!(rate.seconds >= 0 && rate.seconds <= longest_seconds)) return Taken::refused;
  const auto ns = std::llround(rate.seconds * static_cast<double>(util::ns_per_second));
  const auto [place, is_new] = panes_.try_emplace({origin.end, origin.start});
  Pane& pane = place->second;
  if (is_new) {
    pane.window.start = origin.start;
    pane.window.end = origin.end;
    ++lengths_[whole_seconds(pane.window)];
  }
  const Taken taken = contribute(pane, {origin.id, origin.revision, kind, rate.count, ns});
  if (taken == Taken::yes) add_up(pane);
  return taken;
}

Taken RateWindows::contribute(Pane& pane, const Contribution& contribution) {
  const auto same = std::ranges::find_if(pane.contributions, [&](const Contribution& earlier) {
    return earlier.id == contribution.id && earlier.kind == contribution.kind;
  });
  if (same == pane.contributions.end()) {
    pane.contributions.push_back(contribution);
  } else if (contribution.id == 0) {
    same->count += contribution.count;
    same->ns = std::max(same->ns, contribution.ns);
  } else if (same->revision < contribution.revision) {
    *same = contribution;
  } else {
    return Taken::repeated;
  }
  return Taken::yes;
}

void RateWindows::add_up(Pane& pane) {
  pane.window.watched = {};
  for (const Contribution& contribution : pane.contributions) {
    Watched& watched = pane.window.watched[static_cast<std::size_t>(contribution.kind)];
    watched.count += contribution.count;
    watched.ns = std::max(watched.ns, contribution.ns);
    watched.is_known = true;
  }
}

void RateWindows::remove_oldest() {
  const auto length = lengths_.find(whole_seconds(panes_.begin()->second.window));
  if (--length->second == 0) lengths_.erase(length);
  panes_.erase(panes_.begin());
}

void RateWindows::forget_until(util::Time cutoff) {
  while (!panes_.empty() && panes_.begin()->first.first <= cutoff) remove_oldest();
}

std::size_t RateWindows::cut(std::size_t limit) {
  std::size_t gone = 0;
  for (; panes_.size() > limit; ++gone) remove_oldest();
  return gone;
}

}  // namespace rata::aggregate
