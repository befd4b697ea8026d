# What every target of the project is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# Without -DNDEBUG: an assert guards a promise of our own, and a wrong count is worse than an end with a message.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast)
# A designated initialiser names what differs from the default: what it leaves out is meant to be left out.
add_compile_options(-Wno-missing-field-initializers)

if(RATADNS_SANITIZE)
  add_compile_options(-fsanitize=${RATADNS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RATADNS_SANITIZE})
endif()
if(RATADNS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
