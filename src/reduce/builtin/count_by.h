#pragma once

#include <memory>

#include "reduce/reducer.h"

namespace rata::reduce {

/// How presets of the older chain differ from a count_by of ours.
struct CountByForm {
  bool ties = false;   ///< RowRules::ties
  bool older = false;  ///< RowRules::older
};

/// Errors: a dimension, condition or limit that cannot be.
util::Result<std::unique_ptr<Reducer>> make_count_by(const ReducerConfig& config, Surroundings& around,
                                                     const CountByForm& form);

}  // namespace rata::reduce
