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

}  // namespace rata::reduce
