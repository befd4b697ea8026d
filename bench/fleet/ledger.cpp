#include "fleet/ledger.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace rata::fleet {

void Ledger::acknowledged(const std::string& server, std::int64_t second, Clock::time_point due,
                          Clock::time_point now) {
  if (second >= from_) windows_[server][second] = {due, now};
}

void Ledger::arrived(std::uint64_t publication, std::size_t listener, Clock::time_point now) {
  Arrivals& arrivals = arrivals_[publication];
  arrivals.resize(crowds_.size());
  arrivals[listener] = now;
}

void Ledger::shown(std::uint64_t publication, const std::string& server, std::int64_t second) {
  std::map<std::int64_t, std::uint64_t>& known = shown_[server];
  if (known.empty() || known.rbegin()->first < second) known[second] = publication;
}

Ledger::Figures Ledger::figures(Clock::time_point until) const {
  Figures figures;
  for (const auto& [server, windows] : windows_) {
    const auto shown = shown_.find(server);
    for (const auto& [second, window] : windows) {
      if (window.acknowledged >= until) continue;
      ++figures.windows;
      const bool has_any = shown != shown_.end();
      const auto first = has_any ? shown->second.lower_bound(second) : decltype(shown->second.begin()){};
      if (!has_any || first == shown->second.end())
        ++figures.never_shown;
      else
        follow(window, first->second, figures);
    }
  }
  for (const auto& [publication, arrivals] : arrivals_) {
    const auto came = [](Clock::time_point time) { return time != Clock::time_point(); };
    Clock::time_point first = Clock::time_point::max();
    for (const Clock::time_point time : arrivals) first = came(time) ? std::min(first, time) : first;
    if (first < at_second(from_)) continue;
    ++figures.publications;
    for (const Clock::time_point time : arrivals)
      if (came(time)) figures.fan_out.add(microseconds(time - first));
  }
  return figures;
}

/// Who was given a later publication instead has the window with that one.
void Ledger::follow(const Window& window, std::uint64_t publication, Figures& figures) const {
  Clock::time_point first = Clock::time_point::max();
  for (std::size_t listener = 0; listener < crowds_.size(); ++listener) {
    auto arrivals = arrivals_.lower_bound(publication);
    while (arrivals != arrivals_.end() && arrivals->second[listener] == Clock::time_point()) ++arrivals;
    if (arrivals == arrivals_.end()) {
      ++figures.never_at_a_listener;
      continue;
    }
    const Clock::time_point time = arrivals->second[listener];
    first = std::min(first, time);
    const std::uint64_t waited = microseconds(time - window.due);
    figures.to_page.add(waited);
    if (crowds_[listener] == Crowd::some_servers) figures.to_some_page.add(waited);
  }
  if (first != Clock::time_point::max()) figures.to_shown.add(microseconds(first - window.acknowledged));
}

}  // namespace rata::fleet
