#pragma once

#include <memory>

#include "reduce/reducer.h"
#include "script/script.h"

namespace rata::script {

/// One shard's part of a script's reducer: hands the fields of its packets to the process. `script`: described.
util::Result<std::unique_ptr<reduce::Reducer>> make_script_reducer(std::shared_ptr<Script> script,
                                                                   reduce::Surroundings& around);

}  // namespace rata::script
