#pragma once

#include <nlohmann/json.hpp>

#include "util/result.h"

namespace rata::script {

/// What a script's parameters are: of each that the file declares the value that is configured, or its default.
/// `declared`: by name the default, or {default, min, max, one_of, help}. `configured`: by name a number, text or bool.
/// `configured_are_texts`: each is meant as its default is.
/// Errors: one is configured that is not declared, or is of another type or out of its bounds; a declaration that says
/// nothing.
util::Result<nlohmann::ordered_json> check_parameters(const nlohmann::ordered_json& declared,
                                                      const nlohmann::ordered_json& configured,
                                                      bool configured_are_texts = false);

}  // namespace rata::script
