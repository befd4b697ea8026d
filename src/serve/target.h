#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rata::serve {

/// What the request line asks for, percent-decoded.
struct Target {
  struct Parameter {
    std::string name, value;
  };

  std::string authority;  ///< only of the absolute form ("http://host:port/path"); else empty
  std::string path;       ///< begins with "/"
  std::vector<Parameter> query;

  /// The first of that name; null: not given.
  const std::string* parameter(std::string_view name) const;
};

/// Errors: nullopt for a target that is no path, or with a percent sign that two hexadecimal digits do not follow.
/// Source: RFC 9112 section 3.2; in the query "+" is a space, as forms send it.
std::optional<Target> parse_target(std::string_view text);

}  // namespace rata::serve
