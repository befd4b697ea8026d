#include "aggregate/server_list.h"

#include <algorithm>
#include <utility>

namespace rata::aggregate {

bool ServerList::admit(const std::string& server, util::Time end, util::Time cutoff) {
  if (const auto known = known_.find(server); known != known_.end()) {
    note(known->second, end);
    return true;
  }
  if (known_.size() >= limit_) {
    const auto silent = std::ranges::min_element(known_, {}, [](const auto& one) { return one.second.heard; });
    if (silent == known_.end() || silent->second.heard > cutoff) return false;
    forget(std::string(silent->first));
  }
  note(known_[server], end);
  names_.insert(std::ranges::lower_bound(names_, server), server);
  by_arrival_.push_back(server);
  return true;
}

void ServerList::note(Known& known, util::Time end) {
  known.last = std::max(known.last, end);
  known.heard = std::max(known.heard, std::min(end, ceiling_));
  if (std::exchange(known.is_ahead, is_ahead(end))) --ahead_;
  if (known.is_ahead)
    ++ahead_;
  else
    newest_ = std::max(newest_, end);
}

void ServerList::set_ceiling(util::Time ceiling) {
  ceiling_ = ceiling;
  if (ahead_ == 0) return;
  for (auto& [server, known] : known_) {
    if (!known.is_ahead || is_ahead(known.last)) continue;
    known.is_ahead = false;
    --ahead_;
    newest_ = std::max(newest_, known.last);
  }
}

util::Time ServerList::newest() const {
  const bool all_are_ahead = ahead_ > 0 && ahead_ == known_.size();
  return all_are_ahead ? ceiling_ : std::min(newest_, ceiling_);
}

std::vector<ServerState> ServerList::states() const {
  std::vector<ServerState> states;
  for (const auto& [server, known] : known_) states.push_back({server, known.last});
  return states;
}

void ServerList::forget(const std::string& server) {
  const auto known = known_.find(server);
  if (known->second.is_ahead) --ahead_;
  known_.erase(known);
  std::erase(names_, server);
  std::erase(by_arrival_, server);
}

}  // namespace rata::aggregate
