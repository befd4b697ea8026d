#pragma once

#include <vector>

#include "summary/forms.h"

namespace rata::summary {

/// The laws of forms that stand inside others too. False, with `into` as it was: they do not fit one another.
[[nodiscard]] bool merge_into(Counts& into, Counts&& from);
[[nodiscard]] bool merge_into(Top& into, Top&& from);
void concatenate(std::vector<Record>& into, std::vector<Record>&& from);

}  // namespace rata::summary
