#pragma once

#include <functional>
#include <string>

namespace rata::serve {

/// Is told what an operator should know, a line of text each time. Thread: any.
using Report = std::function<void(const std::string&)>;

}  // namespace rata::serve
