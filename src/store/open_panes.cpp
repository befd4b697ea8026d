#include "store/open_panes.h"

#include <algorithm>
#include <utility>

namespace rata::store {
namespace {

constexpr std::uint64_t most_waiting_octets = std::uint64_t{16} << 20;  // as text; read they take several times as much

bool is_settled(const Key& key, const OpenPane& open, util::Time now, std::uint32_t seconds) {
  if (now < open.changed) return true;  // the clock was set back
  const bool is_quiet = now >= after(open.changed, seconds);
  // A second of rest, so that what is sent again after a long absence is not written one by one.
  const util::Time reached = open.contributions.front().source->series->last;
  const bool is_left_behind = reached >= after(key.start, key.level + seconds) && now >= after(open.changed, 1);
  const bool is_old = now >= after(open.begun, key.level + 4 * std::uint64_t{seconds});
  return is_quiet || is_left_behind || is_old;
}

}  // namespace

void OpenPanes::add(const Key& key, std::shared_ptr<summary::Summary> summary, bool is_fine,
                    const Contribution& contribution, std::uint64_t octets, util::Time now) {
  OpenPane& open = panes_[key];
  if (open.contributions.empty()) open.begun = now;
  open.changed = now;
  open.octets += octets;
  octets_ += octets;
  open.contributions.push_back(contribution);
  waiting_.push_back({key, std::move(summary), octets, is_fine});
  waiting_octets_ += octets;
  while (waiting_octets_ > most_waiting_octets) lost_ += merge_next();
}

std::size_t OpenPanes::merge(std::chrono::steady_clock::time_point deadline) {
  std::size_t lost = std::exchange(lost_, 0);
  while (!waiting_.empty()) {
    lost += merge_next();
    if (std::chrono::steady_clock::now() >= deadline) break;
  }
  return lost;
}

std::size_t OpenPanes::merge_next() {
  const Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_octets_ -= next.octets;
  OpenPane& open = panes_.at(next.key);
  if (next.is_fine)
    static_cast<void>(
        store::add(open.fine, summary::Summary(*next.summary), summary::Relation::consecutive, fine_seconds));
  const bool is_ours = next.summary.use_count() == 1;
  summary::Summary summary = is_ours ? std::move(*next.summary) : *next.summary;
  return store::add(open.pane, std::move(summary), summary::Relation::consecutive, next.key.level) ? 0 : 1;
}

std::vector<Key> OpenPanes::settled(util::Time now, std::uint32_t seconds) const {
  std::vector<Key> keys;
  for (const auto& [key, open] : panes_)
    if (is_settled(key, open, now, seconds)) keys.push_back(key);
  return keys;
}

std::vector<Key> OpenPanes::all() const {
  std::vector<Key> keys;
  for (const auto& [key, open] : panes_) keys.push_back(key);
  return keys;
}

std::vector<Key> OpenPanes::open_longest(util::Time now, std::size_t how_many) const {
  std::vector<std::pair<util::Time, Key>> by_age;
  by_age.reserve(panes_.size());
  for (const auto& [key, open] : panes_) by_age.emplace_back(open.begun > now ? util::Time{} : open.begun, key);
  how_many = std::min(how_many, by_age.size());
  std::ranges::partial_sort(by_age, by_age.begin() + static_cast<std::ptrdiff_t>(how_many));
  std::vector<Key> keys;
  for (std::size_t i = 0; i < how_many; ++i) keys.push_back(by_age[i].second);
  return keys;
}

void OpenPanes::erase(const std::vector<Key>& keys) {
  for (const Key& key : keys) {
    const auto place = panes_.find(key);
    octets_ -= place->second.octets;
    panes_.erase(place);
  }
}

}  // namespace rata::store
