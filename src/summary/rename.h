#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "summary/summary.h"

namespace rata::summary {

/// What is to be shown in place of a text.
using Renaming = std::function<std::string(std::string_view)>;

/// Renames what was counted and what was listed: keys, entries of tops, texts. What then has one name merges by the law
/// of its form, so that every sum stays what it was. In JSON that somebody listed, equal members of an object add up
/// where they are numbers, objects or lists, else the first stays.
///
/// Not renamed: names of dimensions, measures and rates, and what sketches have hashed. Bounds (`error`, `most`,
/// `extra`) are added up over what is there; of a new name for many keys nobody knows how many of them are not, so what
/// it lacks may be more.
void rename(Data& data, const Renaming& renaming);

}  // namespace rata::summary
