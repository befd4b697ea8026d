#pragma once

#include "summary/summary.h"
#include "util/result.h"

struct lua_State;

namespace rata::script {

/// Makes a result of the Lua value on top of the stack, which stays: tables become maps, values of a script what they
/// are in summaries. Errors: something in it has no place in a result; where it is, and what it is.
util::Result<summary::Data> result_of(lua_State* lua);

}  // namespace rata::script
