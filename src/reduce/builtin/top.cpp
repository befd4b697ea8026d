// Rankings of names: TopN, TopNQ, TopNPP.

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "reduce/builtin/count_by.h"
#include "reduce/ranking.h"

namespace rata::reduce {
namespace {

/// A count_by of one dimension, as a ranking.
class TopReducer final : public Reducer {
 public:
  TopReducer(std::unique_ptr<Reducer> counts, std::uint64_t n) : counts_(std::move(counts)), n_(n) {}

  void add(Batch& batch) noexcept override {
    counts_->add(batch);
    absorb_lacking(*counts_);
  }

  void absorb(Reducer& sibling) override { counts_->absorb(*static_cast<TopReducer&>(sibling).counts_); }

  summary::Data take(double seconds) override {
    return ranking_of(std::get<summary::Counts>(counts_->take(seconds)), n_);
  }

 private:
  std::unique_ptr<Reducer> counts_;
  std::uint64_t n_;
};

util::Result<std::unique_ptr<Reducer>> make_top(const ReducerConfig& config, Surroundings& around,
                                                std::vector<std::string> where) {
  if (!config.n)
    return util::Error{fmt::format("reducer {}: needs n = 10, say: how many names are shown", config.shown_name())};
  ReducerConfig filled = config;
  filled.by = {"qname"};
  filled.where = std::move(where);
  filled.limit = {*config.n};
  // The older chain asked for the name before it looked at the direction: what it skips, it says so.
  auto counts = make_count_by(filled, around, {.ties = true, .older = true, .first = Selector::First::needs});
  if (!counts) return counts.error();
  return {std::make_unique<TopReducer>(std::move(*counts), *config.n)};
}

}  // namespace

extern const ReducerType top_n;
constinit const ReducerType top_n{
    .name = "TopN",
    .help =
        "The `n` names that most messages, queries and responses, ask for or respond to. All equals of the last stay.",
    .rows = R"([["a.example.", 9], ["b.example.", 4]])",
    .options = "n cells",
    .make = [](const ReducerConfig& config, Surroundings& around) { return make_top(config, around, {}); },
};

extern const ReducerType top_nq;
constinit const ReducerType top_nq{
    .name = "TopNQ",
    .help = "The `n` names that most queries ask for.",
    .rows = R"([["a.example.", 9], ["b.example.", 4]])",
    .options = "n cells",
    .make = [](const ReducerConfig& config, Surroundings& around) { return make_top(config, around, {"query"}); },
};

extern const ReducerType top_npp;
constinit const ReducerType top_npp{
    .name = "TopNPP",
    .help = "The same as TopN; the older chain had two ways to find it.",
    .rows = R"([["a.example.", 9], ["b.example.", 4]])",
    .options = "n cells",
    .make = [](const ReducerConfig& config, Surroundings& around) { return make_top(config, around, {}); },
};

}  // namespace rata::reduce
