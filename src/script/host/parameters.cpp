#include "script/host/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "util/nearest.h"

namespace rata::script {
namespace {

using Json = nlohmann::ordered_json;

std::string_view kind_of(const Json& value) {
  if (value.is_number()) return "number";
  if (value.is_string()) return "text";
  return value.is_boolean() ? "true or false" : "table";
}

bool is_value(const Json& value) { return value.is_number() || value.is_string() || value.is_boolean(); }

/// A number without the fraction that it does not have.
std::string shown(const Json& value) {
  return value.is_number() ? fmt::format("{}", value.get<double>()) : value.dump();
}

util::Result<void> check_declaration(const std::string& name, const Json& declared) {
  const std::vector<std::string> keys = {"default", "help", "max", "min", "one_of"};
  if (is_value(declared)) return {};
  if (!declared.is_object() || !declared.contains("default") || !is_value(declared["default"]))
    return util::Error{
        fmt::format("parameters: {} needs a default: {} = 50, or {} = {{ default = 50, min = 1 }}", name, name, name)};
  for (const auto& [key, value] : declared.items())
    if (std::ranges::find(keys, key) == keys.end())
      return util::Error{fmt::format("parameters: {}: {}", name, util::no_such("key", key, keys))};
  for (const char* key : {"min", "max"})
    if (declared.contains(key) && !declared[key].is_number())
      return util::Error{fmt::format("parameters: {}: {} has to be a number", name, key)};
  if (declared.contains("one_of") && !declared["one_of"].is_array())
    return util::Error{fmt::format("parameters: {}: one_of has to be a list of values", name)};
  return {};
}

util::Result<void> check_bounds(const std::string& name, const Json& declared, const Json& value) {
  if (!declared.is_object()) return {};
  if (value.is_number()) {
    if (declared.contains("min") && value.get<double>() < declared["min"].get<double>())
      return util::Error{
          fmt::format("parameters: {} = {}: {} is the least", name, shown(value), shown(declared["min"]))};
    if (declared.contains("max") && value.get<double>() > declared["max"].get<double>())
      return util::Error{
          fmt::format("parameters: {} = {}: {} is the most", name, shown(value), shown(declared["max"]))};
  }
  if (!declared.contains("one_of")) return {};
  const Json& accepted = declared["one_of"];
  if (std::ranges::find(accepted, value) != accepted.end()) return {};
  return util::Error{fmt::format("parameters: {} = {}: it is one of {}", name, shown(value), accepted.dump())};
}

/// A text as a value like another one, where it reads as such.
Json meant_as(const Json& standard, const Json& text) {
  const Json read = Json::parse(text.get<std::string>(), nullptr, false);
  return !standard.is_string() && !read.is_discarded() && kind_of(read) == kind_of(standard) ? read : text;
}

}  // namespace

util::Result<Json> check_parameters(const Json& declared, const Json& configured, bool configured_are_texts) {
  std::vector<std::string> names;
  Json values = Json::object();
  if (!declared.is_object()) return util::Error{"parameters: each needs a name: parameters = { limit = 50 }"};
  for (const auto& [name, declaration] : declared.items()) {
    if (auto checked = check_declaration(name, declaration); !checked) return checked.error();
    const Json& standard = declaration.is_object() ? declaration["default"] : declaration;
    const bool is_given = configured.contains(name);
    Json value = is_given ? configured[name] : standard;
    if (is_given && configured_are_texts) value = meant_as(standard, value);
    if (kind_of(value) != kind_of(standard))
      return util::Error{fmt::format("parameters: {} = {}: it is a {}, such as {}", name, shown(value),
                                     kind_of(standard), shown(standard))};
    if (auto bounds = check_bounds(name, declaration, value); !bounds) return bounds.error();
    names.push_back(name);
    values[name] = value;
  }
  for (const auto& [name, value] : configured.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    if (names.empty()) return util::Error{fmt::format("parameters: {}: the script has no parameters", name)};
    return util::Error{"parameters: " + util::no_such("parameter", name, names)};
  }
  return values;
}

}  // namespace rata::script
