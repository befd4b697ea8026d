#include "script/host/lua_file.h"

#include <fmt/format.h>
#include <lua.hpp>

#include <array>
#include <new>
#include <utility>

#include "script/host/last_words.h"
#include "script/host/natives.h"
#include "script/host/result_maker.h"
#include "script/sources.h"
#include "util/nearest.h"
#include "util/utf8.h"

namespace rata::script {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* functions_key = "rata_functions";

std::string text_at(lua_State* lua, int at) {
  std::size_t size = 0;
  const char* const text = lua_tolstring(lua, at, &size);
  return text == nullptr ? fmt::format("(an error that is a {})", luaL_typename(lua, at)) : std::string(text, size);
}

/// An error that the prelude found has its place there; the script's line that led to it says more.
std::string with_script_place(lua_State* lua, std::string message) {
  if (!message.starts_with(prelude_prefix)) return message;
  const std::size_t line = message.find(':'), end = message.find(": ", line + 1);
  if (end == std::string::npos) return message;
  message.erase(0, end + 2);
  lua_Debug frame;
  for (int level = 1; lua_getstack(lua, level, &frame) != 0; ++level) {
    lua_getinfo(lua, "Sl", &frame);
    if (frame.currentline > 0 && !std::string_view(frame.short_src).starts_with(prelude_prefix))
      return fmt::format("{}:{}: {}", frame.short_src, frame.currentline, message);
  }
  return message;
}

/// The error and the way to it, without the lines of the prelude, which are nobody's mistake.
int with_stack(lua_State* lua) {
  const std::string message = with_script_place(lua, text_at(lua, 1));
  luaL_traceback(lua, lua, "", 1);
  std::string stack = text_at(lua, -1), kept;
  for (std::size_t begin = 0; begin < stack.size();) {
    const std::size_t end = std::min(stack.find('\n', begin), stack.size());
    const std::string_view line = std::string_view(stack).substr(begin, end - begin);
    begin = end + 1;
    if (line.empty() || line.starts_with("stack traceback") || line.find(prelude_prefix) != std::string_view::npos ||
        line.find("[C]") != std::string_view::npos)
      continue;
    kept += fmt::format("\n  {}", line.substr(line.find_first_not_of(" \t")));
  }
  lua_pushlstring(lua, (message + kept).data(), (message + kept).size());
  return 1;
}

/// Numbers, texts, bools, and tables of these. A table with 1, 2, 3... is a list.
Json json_at(lua_State* lua, int at, int depth = 0) {
  constexpr int most_depth = 8;
  if (depth > most_depth) return nullptr;
  switch (lua_type(lua, at)) {
    case LUA_TNUMBER:
      return lua_tonumber(lua, at);
    case LUA_TBOOLEAN:
      return lua_toboolean(lua, at) != 0;
    case LUA_TSTRING:
      return text_at(lua, at);
    case LUA_TTABLE:
      break;
    default:
      return fmt::format("(a {})", luaL_typename(lua, at));
  }
  Json list = Json::array();
  for (int place = 1; place <= static_cast<int>(lua_objlen(lua, at)); ++place) {
    lua_rawgeti(lua, at, place);
    list.push_back(json_at(lua, lua_gettop(lua), depth + 1));
    lua_pop(lua, 1);
  }
  if (!list.empty()) return list;
  Json object = Json::object();
  lua_pushnil(lua);
  while (lua_next(lua, at) != 0) {
    if (lua_type(lua, -2) == LUA_TSTRING) object[text_at(lua, -2)] = json_at(lua, lua_gettop(lua), depth + 1);
    lua_pop(lua, 1);
  }
  return object;
}

/// Where a text is that is no UTF-8, which JSON cannot say: "parameters.x"; "": nowhere.
std::string not_utf8(const Json& value, const std::string& path) {
  if (value.is_string()) return util::valid_utf8(value.get<std::string>()) == value.get<std::string>() ? "" : path;
  if (!value.is_structured()) return "";
  for (const auto& item : value.items()) {
    const std::string inner = value.is_object() && path.empty() ? item.key() : path;
    if (util::valid_utf8(item.key()) != item.key()) return path;
    if (const std::string found = not_utf8(item.value(), inner); !found.empty()) return found;
  }
  return "";
}

void push(lua_State* lua, const Json& value) {
  if (value.is_number())
    lua_pushnumber(lua, value.get<double>());
  else if (value.is_boolean())
    lua_pushboolean(lua, value.get<bool>() ? 1 : 0);
  else
    lua_pushstring(lua, value.get<std::string>().c_str());
}

int is_field(lua_State* lua) {
  const bool is_one = lua_type(lua, 1) == LUA_TSTRING && find_field(text_at(lua, 1)).has_value();
  lua_pushboolean(lua, is_one ? 1 : 0);
  return 1;
}

int no_such_field(lua_State* lua) {
  const std::string text = script::no_such_field(text_at(lua, 1));
  lua_pushlstring(lua, text.data(), text.size());
  return 1;
}

int no_such_key(lua_State* lua) {
  const std::vector<std::string> keys = {"add",        "fields", "help", "name", "needs",
                                         "parameters", "start",  "take", "where"};
  const std::string text = util::no_such("key of a reducer", text_at(lua, 1), keys);
  lua_pushlstring(lua, text.data(), text.size());
  return 1;
}

/// Outside of any call only memory can fail.
int panic(lua_State*) { end_out_of_memory(); }

void push_host(lua_State* lua) {
  lua_createtable(lua, 0, 3);
  lua_pushcfunction(lua, is_field);
  lua_setfield(lua, -2, "is_field");
  lua_pushcfunction(lua, no_such_field);
  lua_setfield(lua, -2, "no_such_field");
  lua_pushcfunction(lua, no_such_key);
  lua_setfield(lua, -2, "no_such_key");
}

const char* form_name(Field::Form form) {
  constexpr std::array names = {"flag", "number", "name", "text", "time"};
  return names[static_cast<std::size_t>(form)];
}

}  // namespace

std::optional<std::uint32_t> value_handle(lua_State* lua, int at) {
  if (lua_getmetatable(lua, at) == 0) return std::nullopt;
  lua_getfield(lua, LUA_REGISTRYINDEX, functions_key);
  lua_getfield(lua, -1, "value_kinds");
  const int metatable = lua_gettop(lua) - 2, kinds = lua_gettop(lua);
  bool is_one = false;
  lua_pushnil(lua);
  while (lua_next(lua, kinds) != 0) {
    lua_getfield(lua, -1, "metatable");
    is_one = is_one || lua_rawequal(lua, -1, metatable) != 0;
    lua_pop(lua, 2);
  }
  lua_settop(lua, metatable - 1);
  if (!is_one) return std::nullopt;
  lua_rawgeti(lua, at, 1);
  const double handle = lua_tonumber(lua, -1);
  lua_pop(lua, 1);
  return handle >= 0 && handle <= UINT32_MAX ? static_cast<std::uint32_t>(handle) : 0;
}

LuaFile::LuaFile() : lua_(luaL_newstate()) {
  if (lua_ == nullptr) throw std::bad_alloc();
  lua_atpanic(lua_, panic);
  luaL_openlibs(lua_);
  expect_the_end_of_memory(lua_);
  expect_to_be_asked(lua_);
}

LuaFile::~LuaFile() {
  forget_the_end_of_memory(lua_);
  lua_close(lua_);
}

void LuaFile::set_compiling(bool on) {
  luaJIT_setmode(lua_, 0, LUAJIT_MODE_ENGINE | (on ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
}

/// Calls what lies below its arguments, and leaves the results.
util::Result<void> LuaFile::call(int arguments, int results) {
  const int handler = lua_gettop(lua_) - arguments;
  lua_pushcfunction(lua_, with_stack);
  lua_insert(lua_, handler);
  const int status = lua_pcall(lua_, arguments, results, handler);
  lua_remove(lua_, handler);
  if (status == 0) return {};
  std::string what = text_at(lua_, -1);
  lua_settop(lua_, 0);
  if (status == LUA_ERRMEM) what = "not enough memory: it has all that it may have (memory_mib)";
  return util::Error{std::move(what)};
}

void LuaFile::push_function(const char* name) {
  lua_getfield(lua_, LUA_REGISTRYINDEX, functions_key);
  lua_getfield(lua_, -1, name);
  lua_remove(lua_, -2);
}

util::Result<void> LuaFile::open(const rata_native& native) {
  lua_getglobal(lua_, "require");
  lua_pushliteral(lua_, "ffi");
  if (auto done = call(1, 1); !done) return done;
  const int ffi = lua_gettop(lua_);
  lua_getfield(lua_, ffi, "cdef");
  lua_pushlstring(lua_, native_header.data(), native_header.size());
  if (auto done = call(1, 0); !done) return done;
  lua_newtable(lua_);
  const int shared = lua_gettop(lua_);
  for (const LuaText& part : prelude()) {
    const std::string name = fmt::format("@{}{}.lua", prelude_prefix, part.name);
    if (luaL_loadbuffer(lua_, part.source.data(), part.source.size(), name.c_str()) != 0)
      return util::Error{text_at(lua_, -1)};
    lua_pushvalue(lua_, ffi);
    lua_pushlightuserdata(lua_, const_cast<rata_native*>(&native));
    push_host(lua_);
    lua_pushvalue(lua_, shared);
    if (auto done = call(4, 0); !done) return done;
  }
  lua_getfield(lua_, shared, "host_functions");
  lua_setfield(lua_, LUA_REGISTRYINDEX, functions_key);
  lua_settop(lua_, 0);
  return {};
}

util::Result<Json> LuaFile::load(std::string_view source, const std::string& name) {
  push_function("load");
  lua_pushlstring(lua_, source.data(), source.size());
  lua_pushlstring(lua_, name.data(), name.size());
  if (auto done = call(2, 1); !done) return done.error();
  Json said = json_at(lua_, lua_gettop(lua_));
  lua_pop(lua_, 1);
  if (const std::string where = not_utf8(said, ""); !where.empty())
    return util::Error{fmt::format("{}: has a text that is not UTF-8", where)};
  return said;
}

util::Result<void> LuaFile::set_columns(const Columns& columns) {
  push_function("set_columns");
  lua_createtable(lua_, static_cast<int>(columns.all().size()), 0);
  int place = 0;
  for (const Columns::Column& column : columns.all()) {
    lua_createtable(lua_, 0, 4);
    lua_pushlstring(lua_, column.field.name.data(), column.field.name.size());
    lua_setfield(lua_, -2, "name");
    lua_pushstring(lua_, form_name(column.field.form));
    lua_setfield(lua_, -2, "form");
    lua_pushlightuserdata(lua_, const_cast<void*>(column.address()));
    lua_setfield(lua_, -2, "address");
    lua_pushboolean(lua_, column.plain ? 1 : 0);
    lua_setfield(lua_, -2, "plain");
    lua_rawseti(lua_, -2, ++place);
  }
  return call(1, 0);
}

util::Result<void> LuaFile::set_parameters(const Json& values) {
  push_function("set_parameters");
  lua_createtable(lua_, 0, static_cast<int>(values.size()));
  for (const auto& [name, value] : values.items()) {
    push(lua_, value);
    lua_setfield(lua_, -2, name.c_str());
  }
  return call(1, 0);
}

util::Result<void> LuaFile::add(std::uint32_t window, std::size_t first, std::size_t last) {
  push_function("add");
  lua_pushnumber(lua_, window);
  lua_pushnumber(lua_, static_cast<double>(first));
  lua_pushnumber(lua_, static_cast<double>(last));
  return call(3, 0);
}

util::Result<summary::Data> LuaFile::take(std::uint32_t window) {
  push_function("take");
  lua_pushnumber(lua_, window);
  if (auto done = call(1, 1); !done) return done.error();
  auto result = result_of(lua_);
  lua_settop(lua_, 0);
  return result;
}

std::size_t LuaFile::octets() const {
  return static_cast<std::size_t>(lua_gc(lua_, LUA_GCCOUNT, 0)) * 1024 +
         static_cast<std::size_t>(lua_gc(lua_, LUA_GCCOUNTB, 0));
}

Json LuaFile::compiling() const {
  lua_getfield(lua_, LUA_REGISTRYINDEX, functions_key);
  lua_getfield(lua_, -1, "compiling");
  Json said = Json::object();
  if (lua_pcall(lua_, 0, 1, 0) == 0) said = json_at(lua_, lua_gettop(lua_));
  lua_settop(lua_, 0);
  return said;
}

}  // namespace rata::script
