#pragma once

#include <string>

namespace rata::util {

/// As others know it in its network; "ns1" where nobody gave it a name.
std::string machine_name();

}  // namespace rata::util
