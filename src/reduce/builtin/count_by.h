#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reduce/reducer.h"
#include "reduce/selector.h"

namespace rata::reduce {

/// How presets of the older chain differ from a count_by of ours.
struct CountByForm {
  bool ties = false;   ///< RowRules::ties
  bool older = false;  ///< RowRules::older
  std::vector<std::vector<std::string>> always = {};                ///< RowRules::always
  Selector::First first = Selector::First::conditions;  ///< what is asked first of a packet that lacks something
};

/// Errors: a dimension, condition or limit that cannot be.
util::Result<std::unique_ptr<Reducer>> make_count_by(const ReducerConfig& config, Surroundings& around,
                                                     const CountByForm& form);

}  // namespace rata::reduce
