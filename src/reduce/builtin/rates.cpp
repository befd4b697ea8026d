// Messages per second of packet time.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reduce/reducer.h"
#include "reduce/selector.h"

namespace rata::reduce {
namespace {

/// Counts the messages of which some condition holds. What it shows is each count by the time that the window took.
class RateReducer final : public Reducer {
 public:
  struct Member {
    const char* name;
    std::string_view condition;  ///< "": every message
    Needs needs = {};
  };

  RateReducer(std::span<const Member> members, Surroundings& around) {
    for (const Member& member : members) {
      std::vector<ConditionUse> where;
      if (!member.condition.empty()) where.push_back({.condition = find_condition(member.condition)});
      counters_.push_back({member.name, Selector(std::move(where), {member.needs}, around.plan)});
    }
  }

  void add(Batch& batch) noexcept override {
    // What one member lacks the others lack too: it is told once.
    util::MemberCounts untold{};
    for (Counter& counter : counters_)
      counter.count += counter.selector.choose(batch, &counter == counters_.data() ? lacking() : untold).size();
  }

  void absorb(Reducer& sibling) override {
    auto& other = static_cast<RateReducer&>(sibling);
    for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i].count += std::exchange(other.counters_[i].count, 0);
  }

  summary::Data take(double seconds) override {
    std::vector<summary::Rate> rates;
    for (Counter& counter : counters_)
      rates.push_back({.name = counter.name, .count = std::exchange(counter.count, 0), .seconds = seconds});
    return summary::Rates(std::move(rates));
  }

 private:
  struct Counter {
    std::string name;
    Selector selector;
    std::uint64_t count = 0;
  };
  std::vector<Counter> counters_;
};

using Member = RateReducer::Member;
constexpr Member queries[] = {{"qps", "query"}};
constexpr Member answers[] = {{"aps", "response"}};
constexpr Member packets[] = {{"pps", ""}};
// A message whose direction is not known counts in none of the three: no partial entry stays behind.
constexpr Member all_three[] = {{"pps", "", {.members = {util::Member::flags}}}, {"qps", "query"}, {"aps", "response"}};

template <const auto& members>
util::Result<std::unique_ptr<Reducer>> make(const ReducerConfig&, Surroundings& around) {
  return {std::make_unique<RateReducer>(members, around)};
}

}  // namespace

extern const ReducerType packets_per_second;
constinit const ReducerType packets_per_second{
    .name = "PacketsPerSecond",
    .help = "Messages per second of packet time.",
    .rows = R"({"pps": 15.5})",
    .options = "",
    .make = make<packets>,
};

extern const ReducerType queries_per_second;
constinit const ReducerType queries_per_second{
    .name = "QueriesPerSecond",
    .help = "Queries per second of packet time.",
    .rows = R"({"qps": 8.0})",
    .options = "",
    .make = make<queries>,
};

extern const ReducerType answers_per_second;
constinit const ReducerType answers_per_second{
    .name = "AnswersPerSecond",
    .help = "Responses per second of packet time.",
    .rows = R"({"aps": 7.5})",
    .options = "",
    .make = make<answers>,
};

extern const ReducerType packets_queries_and_answers_per_second;
constinit const ReducerType packets_queries_and_answers_per_second{
    .name = "PacketsQueriesAndAnswersPerSecond",
    .help = "Messages, queries and responses per second of packet time.",
    .rows = R"({"pps": 15.5, "qps": 8.0, "aps": 7.5})",
    .options = "",
    .make = make<all_three>,
};

}  // namespace rata::reduce
