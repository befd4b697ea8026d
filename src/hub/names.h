#pragma once

#include <set>
#include <string>

namespace rata::hub {

/// Of what has come. It is in the views at once, and in the history a little later. The history bounds their number,
/// which takes no more.
struct Names {
  std::set<std::string> servers, reducers;
};

}  // namespace rata::hub
