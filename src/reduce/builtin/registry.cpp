#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "reduce/builtin/presets.h"
#include "reduce/reducer.h"

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

util::Result<std::unique_ptr<Reducer>> make_reducer(const ReducerConfig& config, Surroundings& around) {
  const ReducerType* type = find_reducer_type(config.type);
  if (type == nullptr) return util::Error{fmt::format("there is no reducer type \"{}\"", config.type)};
  return type->make(config, around);
}

}  // namespace rata::reduce
