#include "aggregate/server_list.h"

#include <algorithm>

namespace rata::aggregate {

bool ServerList::admit(const std::string& server, util::Time end, util::Time cutoff) {
  if (const auto known = last_.find(server); known != last_.end()) {
    known->second = std::max(known->second, end);
  } else {
    if (last_.size() >= limit_) {
      const auto silent = std::ranges::min_element(last_, {}, [](const auto& one) { return one.second; });
      if (silent == last_.end() || silent->second > cutoff) return false;
      forget(std::string(silent->first));
    }
    last_.emplace(server, end);
    names_.insert(std::ranges::lower_bound(names_, server), server);
    by_arrival_.push_back(server);
  }
  newest_ = std::max(newest_, end);
  return true;
}

util::Time ServerList::newest() const {
  if (newest_ <= ceiling_) return newest_;
  // Somebody's clock runs ahead: the others decide, and where all do, the ceiling.
  util::Time newest{std::numeric_limits<std::int64_t>::min()};
  for (const auto& [server, last] : last_)
    if (last <= ceiling_) newest = std::max(newest, last);
  return newest.ns == std::numeric_limits<std::int64_t>::min() ? ceiling_ : newest;
}

std::vector<ServerState> ServerList::states() const {
  std::vector<ServerState> states;
  for (const auto& [server, last] : last_) states.push_back({server, last});
  return states;
}

void ServerList::forget(const std::string& server) {
  last_.erase(server);
  std::erase(names_, server);
  std::erase(by_arrival_, server);
}

}  // namespace rata::aggregate
