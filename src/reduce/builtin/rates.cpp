#include "reduce/reducer.h"
#include "reduce/selector.h"

namespace rata::reduce {
namespace {

/// Counts queries or responses. What it shows is the count by the time that the window took.
class RateReducer final : public Reducer {
 public:
  RateReducer(std::string member, std::string_view condition, Surroundings& around)
      : member_(std::move(member)), selector_({{.condition = find_condition(condition)}}, {}, around.plan) {}

  void add(Batch& batch) noexcept override { count_ += selector_.choose(batch, lacking()).size(); }
  void absorb(Reducer& sibling) override { count_ += std::exchange(static_cast<RateReducer&>(sibling).count_, 0); }
  summary::Data take(double seconds) override {
    return summary::Rate{.name = member_, .count = std::exchange(count_, 0), .seconds = seconds};
  }

 private:
  std::string member_;
  Selector selector_;
  std::uint64_t count_ = 0;
};

}  // namespace

extern const ReducerType queries_per_second;
constinit const ReducerType queries_per_second{
    .name = "QueriesPerSecond",
    .help = "Queries per second of packet time.",
    .rows = R"({"qps": 8.0})",
    .options = "",
    .make = [](const ReducerConfig&, Surroundings& around) -> util::Result<std::unique_ptr<Reducer>> {
      return {std::make_unique<RateReducer>("qps", "query", around)};
    },
};

extern const ReducerType answers_per_second;
constinit const ReducerType answers_per_second{
    .name = "AnswersPerSecond",
    .help = "Responses per second of packet time.",
    .rows = R"({"aps": 7.5})",
    .options = "",
    .make = [](const ReducerConfig&, Surroundings& around) -> util::Result<std::unique_ptr<Reducer>> {
      return {std::make_unique<RateReducer>("aps", "response", around)};
    },
};

}  // namespace rata::reduce
