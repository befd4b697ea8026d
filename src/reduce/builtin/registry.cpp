#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reduce/reducer.h"

namespace rata::reduce {

#define REDUCER(name) extern const ReducerType name;
#include "reduce/builtin/registry.def"
#undef REDUCER

namespace {

#define REDUCER(name) &name,
constexpr std::array types = {
#include "reduce/builtin/registry.def"
};
#undef REDUCER

}  // namespace

std::span<const ReducerType* const> reducer_types() { return types; }

const ReducerType* find_reducer_type(std::string_view name) {
  const auto found = std::ranges::find(types, name, &ReducerType::name);
  return found == types.end() ? nullptr : *found;
}

util::Result<std::unique_ptr<Reducer>> make_reducer(const ReducerConfig& config, Surroundings& around) {
  const ReducerType* type = find_reducer_type(config.type);
  if (type == nullptr) return util::Error{fmt::format("there is no reducer type \"{}\"", config.type)};
  return type->make(config, around);
}

}  // namespace rata::reduce
