#pragma once

#include <span>
#include <string_view>

namespace rata::script {

// Texts that are part of the program (cmake/scripts.cmake).

struct LuaText {
  std::string_view name, source;
};

/// lua/prelude/, in the order in which the files run.
std::span<const LuaText> prelude();
/// host/native.h, for LuaJIT.
extern const std::string_view native_header;

/// Reducers that come with the program: lua/reducers/NAME.lua.
std::span<const LuaText> shipped_scripts();
/// nullptr: there is none of that name.
const LuaText* find_shipped_script(std::string_view name);

}  // namespace rata::script
