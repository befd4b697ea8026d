# Lists that are facts of the world, part of the program so that it needs no file beside it.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/tlds.txt)
file(READ ${PROJECT_SOURCE_DIR}/data/tlds.txt TLDS)
set(BUILT_IN_LISTS ${PROJECT_BINARY_DIR}/lists/built_in_lists.cpp)
file(CONFIGURE OUTPUT ${BUILT_IN_LISTS} @ONLY CONTENT [[
#include <string_view>

namespace rata::reduce {

extern const std::string_view built_in_top_level_domains;
constinit const std::string_view built_in_top_level_domains = R"(@TLDS@)";

}  // namespace rata::reduce
]])
