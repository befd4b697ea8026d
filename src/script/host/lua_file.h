#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "script/host/columns.h"
#include "summary/summary.h"
#include "util/result.h"

struct lua_State;

namespace rata::script {

/// What the names of the prelude's files begin with where code is named: no script's business.
inline constexpr std::string_view prelude_prefix = "prelude_";

/// The file of a script, run by LuaJIT, with what lua/prelude/ lets it see.
/// Errors of all: what the script's error said, with file, line and stack.
class LuaFile {
 public:
  LuaFile();
  ~LuaFile();
  LuaFile(const LuaFile&) = delete;
  LuaFile& operator=(const LuaFile&) = delete;

  /// Machine code is made. Without it everything is interpreted.
  void set_compiling(bool on);
  /// Reads the prelude. `native`: lives as long as this.
  util::Result<void> open(const rata_native& native);
  /// Runs the file and returns what it says of itself, as JSON of the prelude's `load`.
  util::Result<nlohmann::ordered_json> load(std::string_view source, const std::string& name);
  util::Result<void> set_columns(const Columns& columns);
  /// An object of numbers, texts and bools.
  util::Result<void> set_parameters(const nlohmann::ordered_json& values);

  /// Hands the messages at places `first` to `last` of the columns to the window's `add`.
  util::Result<void> add(std::uint32_t window, std::size_t first, std::size_t last);
  /// The window's result.
  util::Result<summary::Data> take(std::uint32_t window);

  std::size_t octets() const;  ///< that Lua has in use
  /// What became of the loop over the messages, and of compiling on the whole.
  nlohmann::ordered_json compiling() const;

 private:
  util::Result<void> call(int arguments, int results);
  void push_function(const char* name);

  lua_State* lua_;
};

}  // namespace rata::script
