#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rata::serve {

/// Whether the numbers can be trusted: the member `trust` of a status.
struct Trust {
  std::string level = "green";
  std::vector<std::string> reasons;

  /// `worse`: "amber" or "red".
  void doubt(const char* worse, std::string reason) {
    if (level != "red") level = worse;
    reasons.push_back(std::move(reason));
  }
};

}  // namespace rata::serve
