#pragma once

#include <functional>
#include <string>

#include "serve/access.h"
#include "serve/delivery.h"
#include "serve/target.h"

namespace rata::serve {

/// A request that takes time to answer, such as one for history.
struct Question {
  Target target;
  Visibility addresses = Visibility::full;
};

/// Takes a question over; the rules are those of Take.
using Ask = std::function<void(Question, std::function<void(Receipt)>)>;

}  // namespace rata::serve
