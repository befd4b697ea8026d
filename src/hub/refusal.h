#pragma once

#include <string>

#include "serve/delivery.h"

namespace rata::hub {

/// {"error":"..."}
serve::Receipt refusal(unsigned status, const std::string& why);
/// The same of what will never be taken: {"error":"...","final":true}, so that a sender can tell it from what others
/// say on the way.
serve::Receipt final_refusal(unsigned status, const std::string& why);

}  // namespace rata::hub
