#include "hub/refusal.h"

#include <nlohmann/json.hpp>

namespace rata::hub {
namespace {

using nlohmann::ordered_json;

serve::Receipt receipt(unsigned status, const ordered_json& json) {
  return {.status = status, .json = json.dump(-1, ' ', false, ordered_json::error_handler_t::replace)};
}

}  // namespace

serve::Receipt refusal(unsigned status, const std::string& why) { return receipt(status, {{"error", why}}); }

serve::Receipt final_refusal(unsigned status, const std::string& why) {
  return receipt(status, {{"error", why}, {"final", true}});
}

}  // namespace rata::hub
