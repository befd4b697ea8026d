// count_by: any statistic, as data. Counts by one or more dimensions, keeps the largest keys, sums up the rest.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "reduce/builtin/count_by.h"
#include "reduce/builtin/measure_by.h"
#include "reduce/builtin/tally.h"
#include "reduce/key_maker.h"
#include "reduce/row_maker.h"
#include "reduce/selector.h"

namespace rata::reduce {
namespace {

/// What one count_by of a configuration is.
struct Shape {
  std::vector<DimensionUse> by;
  std::vector<ConditionUse> where;
  RowRules rules;
  Selector::First first = Selector::First::conditions;
};

std::vector<Needs> needs_of(const std::vector<DimensionUse>& by) {
  std::vector<Needs> needs;
  for (const DimensionUse& use : by) needs.push_back(use.dimension->needs);
  return needs;
}

/// Where a count_by counts, and what it shows.
struct Counting {
  std::shared_ptr<Tally> own;
  /// The same of queries and of responses, where others may count these: whether they do, the tallies know once all
  /// reducers are made. nullptr: nobody can.
  std::shared_ptr<Tally> queries, responses;
};

class CountBy final : public Reducer {
 public:
  CountBy(Shape shape, KeyMaker keys, Counting counting, Surroundings& around)
      : context_(around.context),
        selector_(std::move(shape.where), needs_of(shape.by), around.plan, shape.first),
        keys_(std::move(keys)),
        rules_(std::move(shape.rules)),
        counting_(std::move(counting)),
        counts_(counting_.own->join()) {
    if (counting_.queries == nullptr) return;
    counting_.queries->watch();
    counting_.responses->watch();
  }

  void add(Batch& batch) noexcept override {
    auto packets = selector_.choose(batch, lacking());
    if (packets.empty() || !counts_) return;
    if (is_sum()) packets = neither(batch, packets);
    if (packets.empty()) return;
    keys_.start(batch);
    counting_.own->add(keys_, packets);
  }

  void absorb(Reducer& sibling) override {
    const Counting& other = static_cast<CountBy&>(sibling).counting_;
    counting_.own->absorb(*other.own);
    if (!is_sum()) return;
    counting_.queries->absorb(*other.queries);
    counting_.responses->absorb(*other.responses);
  }

  summary::Data take(double) override {
    std::vector<Tally*> tallies = {counting_.own.get()};
    if (is_sum()) tallies.insert(tallies.end(), {counting_.queries.get(), counting_.responses.get()});
    summary::Counts counts = Tally::counts_of(tallies, keys_, rules_, context_);
    counting_.own->taken();
    if (counting_.queries != nullptr) counting_.queries->taken();
    if (counting_.responses != nullptr) counting_.responses->taken();
    return counts;
  }

 private:
  /// Others count queries and responses: what is here is their sum, and only messages of which nobody knows whether
  /// they are the one or the other have to be counted.
  bool is_sum() const {
    return counting_.queries != nullptr && counting_.queries->is_counted() && counting_.responses->is_counted();
  }

  std::span<const std::uint16_t> neither(const Batch& batch, std::span<const std::uint16_t> packets) {
    if (batch.complete()) [[likely]]
      return {};
    std::size_t count = 0;
    for (const std::uint16_t packet : packets) {
      neither_[count] = packet;
      count += batch[packet].lacks.has(util::Member::flags);
    }
    return {neither_.data(), count};
  }

  const Context& context_;
  Selector selector_;
  KeyMaker keys_;
  RowRules rules_;
  Counting counting_;
  bool counts_;  ///< or another one does for all who share the tally
  std::array<std::uint16_t, max_batch_packets> neither_;
};

util::Result<Shape> read_shape(const ReducerConfig& config) {
  Shape shape;
  for (const std::string& name : config.by) {
    const auto use = read_dimension(name);
    if (!use) return util::Error{fmt::format("reducer {}: by: {}", config.shown_name(), use.error().message)};
    if (std::ranges::find(shape.by, *use) != shape.by.end())
      return util::Error{fmt::format("reducer {}: by: \"{}\" stands there twice", config.shown_name(), name)};
    shape.by.push_back(*use);
  }
  if (shape.by.empty() || shape.by.size() > KeyMaker::max_dimensions)
    return util::Error{fmt::format("reducer {}: by: names 1 to {} dimensions; `ratadns list dimensions` has them",
                                   config.shown_name(), KeyMaker::max_dimensions)};
  for (const std::string& name : config.where) {
    const auto use = read_condition(name);
    if (!use) return util::Error{fmt::format("reducer {}: where: {}", config.shown_name(), use.error().message)};
    shape.where.push_back(*use);
  }
  if (config.limit.size() > shape.by.size())
    return util::Error{fmt::format("reducer {}: limit: has {} numbers for {} dimensions", config.shown_name(),
                                   config.limit.size(), shape.by.size())};
  shape.rules.limit = config.limit;
  shape.rules.limit.resize(shape.by.size(), 0);
  return shape;
}

/// Where it counts: the same place for all who count the same, whatever they show of it.
Counting counting_of(const ReducerConfig& config, std::size_t cells, Surroundings& around) {
  const auto make = [&] { return std::make_shared<Tally>(cells, around.budget); };
  if (around.shared == nullptr) return {.own = make(), .queries = nullptr, .responses = nullptr};
  const auto tally = [&](std::string_view first) {
    std::vector<std::string_view> where(config.where.begin(), config.where.end());
    if (!first.empty()) where.insert(where.begin(), first);
    return around.shared->get<Tally>(
        fmt::format("count_by {} where {} cells {}", fmt::join(config.by, ","), fmt::join(where, ","), cells), make);
  };
  Counting counting{.own = tally(""), .queries = nullptr, .responses = nullptr};
  const auto chooses = [&](std::string_view condition) {
    return std::ranges::find(config.where, condition) != config.where.end();
  };
  if (chooses("query") || chooses("response")) return counting;
  counting.queries = tally("query");
  counting.responses = tally("response");
  return counting;
}

/// None: how many, and nothing else.
util::Result<std::vector<Gauge>> read_gauges(const ReducerConfig& config, Plan& plan, std::size_t selection) {
  std::vector<Gauge> gauges;
  if (config.measure == std::vector<std::string>{"count"}) return gauges;
  for (const std::string& text : config.measure) {
    auto gauge = Gauge::read(text);
    if (!gauge) return util::Error{fmt::format("reducer {}: measure: {}", config.shown_name(), gauge.error().message)};
    if (std::ranges::find(gauges, text, &Gauge::text) != gauges.end())
      return util::Error{fmt::format("reducer {}: measure: \"{}\" stands there twice", config.shown_name(), text)};
    gauge->join(plan, selection);
    gauges.push_back(std::move(*gauge));
  }
  return gauges;
}

}  // namespace

util::Result<std::unique_ptr<Reducer>> make_count_by(const ReducerConfig& config, Surroundings& around,
                                                     const CountByForm& form) {
  util::Result<Shape> shape = read_shape(config);
  if (!shape) return shape.error();
  shape->rules.ties = form.ties;
  shape->rules.older = form.older;
  shape->rules.always = form.always;
  shape->first = form.first;
  const std::size_t selection = around.plan.selection(shape->where);
  auto gauges = read_gauges(config, around.plan, selection);
  if (!gauges) return gauges.error();
  KeyMaker keys(shape->by, around.plan, selection);
  const std::size_t cells = std::max<std::size_t>(1, config.cells / around.context.shards);
  if (!gauges->empty()) {
    std::vector<Needs> needs = needs_of(shape->by);
    for (const Gauge& gauge : *gauges) needs.push_back(gauge.needs());
    Selector selector(std::move(shape->where), std::move(needs), around.plan);
    return make_measure_by(std::move(selector), std::move(keys), std::move(shape->rules), std::move(*gauges), cells,
                           around);
  }
  return {std::make_unique<CountBy>(std::move(*shape), std::move(keys), counting_of(config, cells, around), around)};
}

extern const ReducerType count_by;
constinit const ReducerType count_by{
    .name = "count_by",
    .help =
        "Messages by any dimensions. `limit` keeps the largest keys and sums up the rest; `measure` says more of "
        "each than how many.",
    .rows = R"({"NOERROR": {"udp": 5}, "-:SKIPPED:-": 2, "-:SKIPPED_SUM:-": 3})",
    .options = "by where measure limit cells",
    .make = [](const ReducerConfig& config, Surroundings& around) { return make_count_by(config, around, {}); },
};

}  // namespace rata::reduce
