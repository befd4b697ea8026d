#include "store/open_panes.h"

namespace rata::store {
namespace {

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

std::size_t OpenPanes::add(const Key& key, const summary::Summary& summary, bool is_fine,
                           const Contribution& contribution, std::uint64_t octets, util::Time now) {
  OpenPane& open = panes_[key];
  if (open.contributions.empty()) open.begun = now;
  open.changed = now;
  open.octets += octets;
  octets_ += octets;
  open.contributions.push_back(contribution);
  if (is_fine)
    static_cast<void>(store::add(open.fine, summary::Summary(summary), summary::Relation::consecutive, fine_seconds));
  return store::add(open.pane, summary::Summary(summary), summary::Relation::consecutive, key.level) ? 0 : 1;
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

void OpenPanes::erase(const std::vector<Key>& keys) {
  for (const Key& key : keys) {
    const auto place = panes_.find(key);
    octets_ -= place->second.octets;
    panes_.erase(place);
  }
}

}  // namespace rata::store
