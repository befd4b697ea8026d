#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reduce/plan.h"
#include "reduce/reducer.h"
#include "script/field.h"
#include "util/result.h"

namespace rata::script {

/// Of fields, conditions and the like, each. The prelude gives fields a number of 8 bits.
inline constexpr std::size_t most_texts = 255;
/// What one message may take in a block, 255 octets of each text: so that a block of the largest batch finds room
/// wherever the ring stands that a process has while nobody knows its fields (Script::ring_octets).
inline constexpr std::size_t most_message_octets = 15'500;

/// What a script says of itself.
struct Description {
  std::string name;  ///< "": it does not say
  std::string help;
  std::vector<reduce::ConditionUse> where;
  std::vector<reduce::Needs> needs;  ///< messages that lack some of it are not handed to it, and counted
  std::vector<Field> fields;         ///< that it may look at
  nlohmann::ordered_json parameters = nlohmann::ordered_json::object();  ///< their values
  bool compiles = true;                                                  ///< machine code may be made

  /// It is a declaration: the monitor counts it itself.
  std::optional<reduce::ReducerConfig> declared;
};

/// Reads the letter of a script's process, which is not trusted. Errors: what the script asks for is not to be had;
/// what there is.
util::Result<Description> read_description(std::string_view json);

}  // namespace rata::script
