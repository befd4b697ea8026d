# The page: web/ is bundled by esbuild and becomes one C++ file, so that the program needs no file beside it.
find_program(NPM npm REQUIRED)
file(GLOB_RECURSE WEB_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/web/src/*)
set(WEB_ASSETS ${PROJECT_BINARY_DIR}/web/assets.cpp)

add_custom_command(
  OUTPUT ${PROJECT_SOURCE_DIR}/web/node_modules/.package-lock.json
  COMMAND ${NPM} ci --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch node_modules/.package-lock.json
  DEPENDS ${PROJECT_SOURCE_DIR}/web/package-lock.json ${PROJECT_SOURCE_DIR}/web/package.json
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/web
  COMMENT "Installing what the page is built with")

add_custom_command(
  OUTPUT ${WEB_ASSETS}
  COMMAND node build.mjs --cpp ${WEB_ASSETS}
  DEPENDS ${WEB_SOURCES} ${PROJECT_SOURCE_DIR}/web/build.mjs
          ${PROJECT_SOURCE_DIR}/web/node_modules/.package-lock.json
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/web
  COMMENT "Bundling the page")
