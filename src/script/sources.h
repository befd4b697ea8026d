#pragma once

#include <span>
#include <string_view>

namespace rata::script {

// Texts that are part of the program (cmake/scripts.cmake): lua/prelude.lua and host/native.h.
extern const std::string_view prelude, native_header;

/// A reducer that comes with the program: lua/reducers/NAME.lua.
struct ShippedScript {
  std::string_view name, source;
};
std::span<const ShippedScript> shipped_scripts();
/// nullptr: there is none of that name.
const ShippedScript* find_shipped_script(std::string_view name);

}  // namespace rata::script
