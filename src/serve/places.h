#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "serve/request.h"

namespace rata::serve {

/// Who holds how many of the connections that may be open: one address does not get them all, and who listens leaves
/// some for who sends.
/// Thread: the server's.
class Places {
 public:
  struct Limits {
    std::size_t all = 0;
    std::size_t per_address = 0;  ///< loopback may have all
    std::size_t for_senders = 0;  ///< how many of all are kept for senders
  };
  enum class Place : unsigned char {
    none,         ///< there is none left for this peer
    any,          ///< for whatever it asks
    for_senders,  ///< of those that are kept: whether a sender has come is known when it has asked
  };

  Place take(const Peer& peer, const Limits& limits);
  /// Lifetime: once for each that was taken.
  void give_back(const Peer& peer);

 private:
  std::size_t taken_ = 0;
  std::map<std::string, std::size_t> taken_by_;  // by key_of(Peer), none of them 0
};

}  // namespace rata::serve
