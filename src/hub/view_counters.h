#pragma once

#include "aggregate/aggregator.h"

namespace rata::hub {

/// Counters of the views that go on when another aggregator takes the place of the one that is shown: it was filled
/// with what that one had counted already.
class ViewCounters {
 public:
  using Counters = aggregate::Aggregator::Counters;

  /// As they are to be told, of what the aggregator that is shown says.
  Counters of(const Counters& shown) const;
  void replace(const Counters& shown, const Counters& next);

 private:
  Counters told_;   // when the one that is shown took over
  Counters began_;  // its own at that moment
};

}  // namespace rata::hub
