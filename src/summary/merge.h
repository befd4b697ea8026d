#pragma once

#include "summary/summary.h"

namespace rata::summary {

/// What two parts are to each other. Only rates ask: whatever else adds up does so either way.
enum class Relation {
  consecutive,   ///< windows of one server one after the other: counts and seconds add
  side_by_side,  ///< the same stretch of time seen by several servers or monitors: counts add, the time stays
};

/// Merges two parts of one reducer's data, by the law that the form of the data states. Any order and any grouping of
/// merges gives one answer. False, with `into` as it was: they are of different forms.
[[nodiscard]] bool merge(Data& into, Data&& from, Relation relation);

/// Merges two whole records: the data, the window (from the first start to the last end), and what was lost.
/// False, with `into` as it was: their data are of different forms.
[[nodiscard]] bool merge(Summary& into, Summary&& from, Relation relation);

/// What is left of both lists when matching queries and answers have cancelled, the oldest first.
Alone settled(const Alone& alone);

}  // namespace rata::summary
