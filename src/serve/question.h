#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "serve/access.h"
#include "serve/delivery.h"
#include "serve/target.h"

namespace rata::serve {

/// Whom such questions go to knows these paths, and only he.
inline constexpr std::array<std::string_view, 6> question_paths = {
    "/api/v1/history", "/api/v1/history/sum", "/api/v1/reducers", "/api/v1/gaps", "/api/v1/servers", "/api/v1/balance"};

/// A request that takes time to answer, such as one for history.
struct Question {
  Target target;
  Visibility addresses = Visibility::full;
};

/// Takes a question over; the rules are those of Take.
using Ask = std::function<void(Question, std::function<void(Receipt)>)>;

}  // namespace rata::serve
