#include "hub/servers.h"

#include <algorithm>

namespace rata::hub {

const MonitorState& Server::newest() const { return **std::ranges::max_element(monitors, {}, &MonitorState::last); }

std::uint64_t Server::sum(std::uint64_t MonitorState::* member) const {
  std::uint64_t sum = 0;
  for (const MonitorState* monitor : monitors) sum += monitor->*member;
  return sum;
}

std::map<std::string, Server> servers_of(const Standing& standing) {
  std::map<std::string, Server> servers;
  for (const MonitorState& monitor : standing.monitors) servers[monitor.server].monitors.push_back(&monitor);
  for (const MissingWindows& missing : standing.missing)
    if (const auto server = servers.find(missing.server); server != servers.end()) {
      server->second.missing += missing.windows;
      server->second.runs_broken += missing.stretches;
    }
  return servers;
}

}  // namespace rata::hub
