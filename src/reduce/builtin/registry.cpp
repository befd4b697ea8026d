#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "reduce/builtin/presets.h"
#include "reduce/dimension.h"
#include "reduce/reducer.h"
#include "util/nearest.h"

namespace rata::reduce {

#define REDUCER(name) extern const ReducerType name;
#include "reduce/builtin/registry.def"
#undef REDUCER

namespace {

#define REDUCER(name) &name,
constexpr std::array own_types = {
#include "reduce/builtin/registry.def"
};
#undef REDUCER

}  // namespace

std::span<const ReducerType* const> reducer_types() {
  static const std::vector<const ReducerType*> all = [] {
    std::vector<const ReducerType*> types(own_types.begin(), own_types.end());
    for (const ReducerType& type : preset_types()) types.push_back(&type);
    return types;
  }();
  return all;
}

const ReducerType* find_reducer_type(std::string_view name) {
  const auto types = reducer_types();
  const auto found = std::ranges::find(types, name, &ReducerType::name);
  return found == types.end() ? nullptr : *found;
}

std::string no_such_reducer_type(std::string_view name) {
  std::vector<std::string> names;
  for (const ReducerType* type : reducer_types()) names.emplace_back(type->name);
  if (name.empty())
    return fmt::format(
        "type is missing; any statistic is type = \"count_by\" with by = \"qtype\" or the like; there "
        "are: {}",
        fmt::join(names, ", "));
  const std::string_view dimension = name.substr(0, name.find(':'));
  const std::string dimension_hint =
      find_dimension(dimension) == nullptr
          ? ""
          : fmt::format("{} is a dimension: type = \"count_by\" with by = \"{}\" counts by it; ", dimension, name);
  return dimension_hint + util::no_such("reducer type", name, names);
}

util::Result<std::unique_ptr<Reducer>> make_reducer(const ReducerConfig& config, Surroundings& around) {
  if (config.make) return config.make(config, around);
  const ReducerType* type = find_reducer_type(config.type);
  if (type == nullptr) return util::Error{no_such_reducer_type(config.type)};
  return type->make(config, around);
}

}  // namespace rata::reduce
