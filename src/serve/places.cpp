#include "serve/places.h"

namespace rata::serve {

Places::Place Places::take(const Peer& peer, const Limits& limits) {
  if (taken_ >= limits.all) return Place::none;
  const std::string key = key_of(peer);
  const auto known = taken_by_.find(key);
  if (!peer.loopback && known != taken_by_.end() && known->second >= limits.per_address) return Place::none;
  ++taken_by_[key];
  return ++taken_ > limits.all - limits.for_senders ? Place::for_senders : Place::any;
}

void Places::give_back(const Peer& peer) {
  const auto known = taken_by_.find(key_of(peer));
  if (known == taken_by_.end()) return;
  --taken_;
  if (--known->second == 0) taken_by_.erase(known);
}

}  // namespace rata::serve
