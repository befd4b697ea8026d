#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace rata::aggregate {

/// Which servers a view is about.
struct Scope {
  enum class Kind : std::uint8_t { total, group, server };
  Kind kind = Kind::total;
  std::string name;  ///< of the group or the server; empty for the total

  static Scope total() { return {}; }
  static Scope group(std::string name) { return {Kind::group, std::move(name)}; }
  static Scope server(std::string name) { return {Kind::server, std::move(name)}; }

  friend auto operator<=>(const Scope&, const Scope&) = default;
};

/// Which scopes a summary counts in. `total`: it is of all servers together, and what it is of counts `below_total`.
enum class Reach : std::uint8_t { everywhere, below_total, total };

/// Servers that are shown together: a site, a country.
struct Group {
  std::string name;
  std::vector<std::string> servers;

  friend bool operator==(const Group&, const Group&) = default;
};

}  // namespace rata::aggregate
