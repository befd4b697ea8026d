# The Lua side of scripts, part of the program so that it needs no file beside it.
file(GLOB SHIPPED_SCRIPTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lua/reducers/*.lua)
set(PRELUDE_PARTS messages functions file)  # in the order in which they run
list(TRANSFORM PRELUDE_PARTS PREPEND ${PROJECT_SOURCE_DIR}/lua/prelude/ OUTPUT_VARIABLE PRELUDE_FILES)
list(TRANSFORM PRELUDE_FILES APPEND .lua)
set(SCRIPT_TEXTS ${PRELUDE_FILES} ${PROJECT_SOURCE_DIR}/src/script/host/native.h ${SHIPPED_SCRIPTS})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SCRIPT_TEXTS})

# Into pieces that a compiler takes as one literal: at most 64 KiB each.
function(text_of_file path out)
  file(READ ${path} text)
  string(REPLACE "#pragma once\n" "" text "${text}")
  string(LENGTH "${text}" length)
  set(literal "")
  set(begin 0)
  while(begin LESS length)
    string(SUBSTRING "${text}" ${begin} 15000 piece)
    string(APPEND literal "R\"~~(${piece})~~\"\n")
    math(EXPR begin "${begin} + 15000")
  endwhile()
  set(${out} "${literal}" PARENT_SCOPE)
endfunction()

text_of_file(${PROJECT_SOURCE_DIR}/src/script/host/native.h NATIVE_HEADER)

function(rows_of_files out)
  set(rows "")
  foreach(path ${ARGN})
    get_filename_component(name ${path} NAME_WE)
    text_of_file(${path} source)
    string(APPEND rows "    {\"${name}\", ${source}},\n")
  endforeach()
  set(${out} "${rows}" PARENT_SCOPE)
endfunction()

rows_of_files(PRELUDE_ROWS ${PRELUDE_FILES})
rows_of_files(SHIPPED_ROWS ${SHIPPED_SCRIPTS})
list(LENGTH PRELUDE_FILES PRELUDE_COUNT)
list(LENGTH SHIPPED_SCRIPTS SHIPPED_COUNT)

set(SCRIPT_SOURCES ${PROJECT_BINARY_DIR}/scripts/sources.cpp)
file(CONFIGURE OUTPUT ${SCRIPT_SOURCES} @ONLY CONTENT [[
#include "script/sources.h"

#include <algorithm>
#include <array>

namespace rata::script {

constinit const std::string_view native_header = @NATIVE_HEADER@;

std::span<const LuaText> prelude() {
  static constexpr std::array<LuaText, @PRELUDE_COUNT@> parts = {{
@PRELUDE_ROWS@  }};
  return parts;
}

std::span<const LuaText> shipped_scripts() {
  static constexpr std::array<LuaText, @SHIPPED_COUNT@> all = {{
@SHIPPED_ROWS@  }};
  return all;
}

const LuaText* find_shipped_script(std::string_view name) {
  const auto all = shipped_scripts();
  const auto found = std::ranges::find(all, name, &LuaText::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace rata::script
]])
