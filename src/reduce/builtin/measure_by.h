#pragma once

#include <memory>
#include <vector>

#include "reduce/builtin/gauges.h"
#include "reduce/key_maker.h"
#include "reduce/reducer.h"
#include "reduce/row_maker.h"
#include "reduce/selector.h"

namespace rata::reduce {

/// A count_by that says more of each key than how many. `keys`: what it counts by. `cells`: keys of one shard.
std::unique_ptr<Reducer> make_measure_by(Selector selector, KeyMaker keys, RowRules rules, std::vector<Gauge> gauges,
                                         std::size_t cells, Surroundings& around);

}  // namespace rata::reduce
