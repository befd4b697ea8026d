#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hub/status.h"

namespace rata::hub {

/// All monitors of one server. Lifetime: the Standing's.
struct Server {
  std::vector<const MonitorState*> monitors;  ///< one at least
  std::uint64_t missing = 0;                  ///< windows of all of them
  std::uint64_t runs_broken = 0;              ///< times between two runs of one when nobody watched

  /// The one that brings the newest window: what the server's views show.
  const MonitorState& newest() const;
  std::uint64_t sum(std::uint64_t MonitorState::* member) const;
};

/// By name.
std::map<std::string, Server> servers_of(const Standing& standing);

}  // namespace rata::hub
