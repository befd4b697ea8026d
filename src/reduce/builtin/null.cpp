#include <memory>

#include "reduce/reducer.h"

namespace rata::reduce {
namespace {

/// Looks at nothing; every window still has its summary.
class NullReducer final : public Reducer {
 public:
  void add(Batch&) noexcept override {}
  void absorb(Reducer&) override {}
  summary::Data take(double) override { return summary::Nothing{}; }
};

}  // namespace

extern const ReducerType null_prer;
constinit const ReducerType null_prer{
    .name = "NullPreR",
    .help = "Nothing: one empty summary a window, to see that a channel works.",
    .rows = "null",
    .options = "",
    .make = [](const ReducerConfig&, Surroundings&) -> util::Result<std::unique_ptr<Reducer>> {
      return {std::make_unique<NullReducer>()};
    },
};

}  // namespace rata::reduce
