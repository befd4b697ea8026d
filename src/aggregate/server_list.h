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
  void set_ceiling(util::Time ceiling);
  bool is_ahead(util::Time end) const { return end > ceiling_; }

  /// The latest time that is not ahead; where all servers are ahead, the ceiling; the epoch when there is none.
  util::Time newest() const;
  /// Ascending.
  const std::vector<std::string>& names() const { return names_; }
  /// The same in the order in which they first spoke.
  const std::vector<std::string>& by_arrival() const { return by_arrival_; }
  std::vector<ServerState> states() const;

 private:
  struct Known {
    util::Time last;
    util::Time heard;       ///< the same, but never beyond what the ceiling was: a wrong clock holds no place for ever
    bool is_ahead = false;  ///< what came from it most recently was
  };

  void note(Known& known, util::Time end);
  void forget(const std::string& server);

  std::size_t limit_;
  util::Time ceiling_{std::numeric_limits<std::int64_t>::max()};
  util::Time newest_;      // of what was not ahead
  std::size_t ahead_ = 0;  // of the servers
  std::map<std::string, Known> known_;
  std::vector<std::string> names_, by_arrival_;
};

}  // namespace rata::aggregate
