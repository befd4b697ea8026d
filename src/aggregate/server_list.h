#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "aggregate/aggregator.h"
#include "util/time.h"

namespace rata::aggregate {

/// The servers that are known, and how far the time of each has come. Bounded.
class ServerList {
 public:
  explicit ServerList(std::size_t limit) : limit_(limit) {}

  /// Moves the server's time to `end`, unless that is earlier. False: there is no room for another one, as all that are
  /// known have something after `cutoff`.
  bool admit(const std::string& server, util::Time end, util::Time cutoff);
  void set_ceiling(util::Time ceiling) { ceiling_ = ceiling; }

  /// The latest time of all, at most the ceiling; the epoch when there is none.
  util::Time newest() const;
  /// Ascending.
  const std::vector<std::string>& names() const { return names_; }
  /// The same in the order in which they first spoke.
  const std::vector<std::string>& by_arrival() const { return by_arrival_; }
  std::vector<ServerState> states() const;

 private:
  void forget(const std::string& server);

  std::size_t limit_;
  util::Time ceiling_{std::numeric_limits<std::int64_t>::max()};
  util::Time newest_;  // without the ceiling
  std::map<std::string, util::Time> last_;
  std::vector<std::string> names_, by_arrival_;
};

}  // namespace rata::aggregate
