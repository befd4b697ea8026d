#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "reduce/reducer.h"

namespace rata::reduce {

/// A reducer of the older chain that is a count_by with everything filled in. `data` has that chain's words.
struct Preset {
  std::string_view name;
  std::string_view help;
  std::string_view rows;
  std::array<std::string_view, 2> by;        ///< dimensions, outermost first; "": none
  std::array<std::string_view, 3> where{};   ///< conditions; "": none
  std::uint64_t limit = 0;                   ///< keys of the last dimension that stay; 0: all
  std::span<const std::string_view> always;  ///< first keys that are there when nothing was counted for them
  bool takes_prefix = false;                 ///< the option `prefix` makes networks of clients
  std::string_view not_orig = {};            ///< the condition that the option `orig` leaves out; "": no such option
};

std::span<const Preset> presets();
/// The same as rows of the registry.
std::span<const ReducerType> preset_types();

}  // namespace rata::reduce
