#include "script/host/result_maker.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <lua.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "script/host/natives.h"
#include "script/result_octets.h"
#include "summary/values.h"
#include "util/utf8.h"

namespace rata::script {
namespace {

using summary::Items;
using summary::Map;
using summary::Quantity;
using summary::Rule;

/// Thrown inside this file only.
struct Misfit {
  std::string what;
};

class Maker {
 public:
  explicit Maker(lua_State* lua) : lua_(lua) {}

  summary::Value value(int at, Rule rule) {
    if (++depth_ > most_result_depth) throw Misfit{fmt::format("is nested more than {} deep", most_result_depth)};
    luaL_checkstack(lua_, 8, "a result");
    summary::Value made = of_type(at, rule);
    --depth_;
    return made;
  }

  std::string path() const { return path_.empty() ? "the result" : fmt::format("{}", fmt::join(path_, ".")); }

 private:
  summary::Value of_type(int at, Rule rule) {
    switch (lua_type(lua_, at)) {
      case LUA_TNUMBER:
        return number(lua_tonumber(lua_, at), rule);
      case LUA_TSTRING:
        return util::valid_utf8(text(at));
      case LUA_TBOOLEAN:
        return lua_toboolean(lua_, at) != 0;
      case LUA_TTABLE:
        return table(at, rule);
      default:
        throw Misfit{fmt::format("is a {}, which has no place in a result", luaL_typename(lua_, at))};
    }
  }

  static Quantity number(double value, Rule rule) {
    const auto made = summary::Number::from(value);
    if (!made)
      throw Misfit{std::isfinite(value) ? fmt::format("is {}: a result has numbers up to 9 * 10^15", value)
                                        : fmt::format("is {}, which is no number", value)};
    return {*made, rule};
  }

  std::string_view text(int at) {
    std::size_t size = 0;
    const char* const octets = lua_tolstring(lua_, at, &size);
    return {octets, size};
  }

  summary::Value table(int at, Rule rule) {
    if (has_metatable_of(at, "ruled")) return ruled(at);
    if (const auto handle = value_handle(lua_, at)) return of_native(*handle);
    Map map;
    lua_pushnil(lua_);
    while (lua_next(lua_, at) != 0) {
      std::string key = key_text(-2);
      path_.push_back(key);
      put(map, std::move(key), value(lua_gettop(lua_), rule));
      path_.pop_back();
      lua_pop(lua_, 1);
    }
    return map;
  }

  /// 1 and "1" are one key in a result: what they hold is merged, so that it does not matter which comes first.
  static void put(Map& map, std::string key, summary::Value made) {
    const auto [place, is_new] = map.try_emplace(std::move(key));
    if (is_new) {
      place->second = std::move(made);
      return;
    }
    summary::Values both{.root = std::move(place->second)};
    summary::merge(both, {.root = std::move(made)});
    place->second = std::move(both.root);
  }

  static summary::Value of_native(std::uint32_t handle) {
    std::optional<summary::Data> data = Natives::get().data(handle);
    if (!data) throw Misfit{"is a value of an earlier window, which is gone"};
    if (auto* values = std::get_if<summary::Values>(&*data)) return std::move(values->root);
    if (auto* counts = std::get_if<summary::Counts>(&*data)) return std::move(*counts);
    return std::move(std::get<summary::Top>(*data));
  }

  bool has_metatable_of(int at, const char* name) {
    if (lua_getmetatable(lua_, at) == 0) return false;
    lua_getfield(lua_, LUA_REGISTRYINDEX, "rata_functions");
    lua_getfield(lua_, -1, name);
    const bool same = lua_rawequal(lua_, -1, -3) != 0;
    lua_pop(lua_, 3);
    return same;
  }

  /// max(...), min(...), sum(...), list(...).
  summary::Value ruled(int at) {
    lua_pushliteral(lua_, "rule");
    lua_rawget(lua_, at);
    const std::string name = lua_isstring(lua_, -1) != 0 ? lua_tostring(lua_, -1) : "";
    lua_pop(lua_, 1);
    lua_pushliteral(lua_, "value");
    lua_rawget(lua_, at);
    const int inner = lua_gettop(lua_);
    summary::Value made = name == "list" ? summary::Value(list(inner))
                                         : value(inner, name == "max"   ? Rule::max
                                                        : name == "min" ? Rule::min
                                                                        : Rule::sum);
    lua_pop(lua_, 1);
    return made;
  }

  Items list(int at) {
    if (lua_istable(lua_, at) == 0) throw Misfit{fmt::format("list takes a table, not a {}", luaL_typename(lua_, at))};
    Items items;
    for (int place = 1; place <= static_cast<int>(lua_objlen(lua_, at)); ++place) {
      lua_rawgeti(lua_, at, place);
      path_.push_back(std::to_string(place));
      const nlohmann::ordered_json json = entry(lua_gettop(lua_), 0);
      items.records.push_back({.ordinal = items.records.size(),
                               .json = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)});
      path_.pop_back();
      lua_pop(lua_, 1);
    }
    return items;
  }

  /// What stands in a list is not merged: plain JSON, a table with 1, 2, 3... a list of its own.
  nlohmann::ordered_json entry(int at, int depth) {
    if (depth > most_result_depth) throw Misfit{fmt::format("is nested more than {} deep", most_result_depth)};
    luaL_checkstack(lua_, 8, "a result");
    switch (lua_type(lua_, at)) {
      case LUA_TNUMBER:
        return number(lua_tonumber(lua_, at), Rule::sum).number.json();
      case LUA_TSTRING:
        return std::string(text(at));
      case LUA_TBOOLEAN:
        return lua_toboolean(lua_, at) != 0;
      case LUA_TTABLE:
        if (has_metatable_of(at, "ruled")) throw Misfit{"has a rule of its own: what stands in a list is not merged"};
        if (value_handle(lua_, at))
          throw Misfit{"is a value, which merges; what stands in a list does not: say :estimate(), :total() or :top()"};
        return lua_objlen(lua_, at) > 0 ? entry_list(at, depth) : entry_map(at, depth);
      default:
        throw Misfit{fmt::format("is a {}, which has no place in a list", luaL_typename(lua_, at))};
    }
  }

  nlohmann::ordered_json entry_list(int at, int depth) {
    auto made = nlohmann::ordered_json::array();
    for (int place = 1; place <= static_cast<int>(lua_objlen(lua_, at)); ++place) {
      lua_rawgeti(lua_, at, place);
      made.push_back(entry(lua_gettop(lua_), depth + 1));
      lua_pop(lua_, 1);
    }
    return made;
  }

  nlohmann::ordered_json entry_map(int at, int depth) {
    std::map<std::string, nlohmann::ordered_json> sorted;
    lua_pushnil(lua_);
    while (lua_next(lua_, at) != 0) {
      sorted.insert_or_assign(key_text(-2), entry(lua_gettop(lua_), depth + 1));
      lua_pop(lua_, 1);
    }
    auto made = nlohmann::ordered_json::object();
    for (auto& [key, value] : sorted) made.push_back({key, std::move(value)});
    return made;
  }

  /// Without lua_tolstring, which would change a number that lua_next needs as it is.
  std::string key_text(int at) {
    if (lua_type(lua_, at) == LUA_TSTRING) return util::valid_utf8(text(at));
    if (lua_type(lua_, at) == LUA_TNUMBER) {
      const double number = lua_tonumber(lua_, at);
      if (number == std::floor(number) && std::abs(number) < 1e15) return fmt::format("{:.0f}", number);
      return fmt::format("{}", number);
    }
    if (lua_type(lua_, at) == LUA_TBOOLEAN) return lua_toboolean(lua_, at) != 0 ? "true" : "false";
    throw Misfit{fmt::format("has a {} for a key: keys are texts and numbers", luaL_typename(lua_, at))};
  }

  lua_State* lua_;
  std::vector<std::string> path_;
  int depth_ = 0;
};

}  // namespace

util::Result<summary::Data> result_of(lua_State* lua) {
  const int top = lua_gettop(lua);
  if (lua_isnil(lua, top)) return summary::Data{summary::Values{}};
  Maker maker(lua);
  try {
    summary::Value value = maker.value(top, Rule::sum);
    if (auto* counts = std::get_if<summary::Counts>(&value.node)) return summary::Data{std::move(*counts)};
    if (auto* ranking = std::get_if<summary::Top>(&value.node)) return summary::Data{std::move(*ranking)};
    return summary::Data{summary::Values{.root = std::move(value)}};
  } catch (const Misfit& misfit) {
    lua_settop(lua, top);
    return util::Error{fmt::format("take: {} {}", maker.path(), misfit.what)};
  }
}

}  // namespace rata::script
