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

class CountBy final : public Reducer {
 public:
  CountBy(Shape shape, KeyMaker keys, std::shared_ptr<Tally> tally, Surroundings& around)
      : context_(around.context),
        selector_(std::move(shape.where), needs_of(shape.by), around.plan, shape.first),
        keys_(std::move(keys)),
        rules_(std::move(shape.rules)),
        own_(std::move(tally)),
        counts_(own_->join()) {}

  /// Others count queries and responses by the same: what is here is their sum, and only messages of which nobody knows
  /// whether they are the one or the other have to be counted. nullptr: nobody does.
  void sum_up(std::shared_ptr<Tally> queries, std::shared_ptr<Tally> responses) {
    if (queries == nullptr || responses == nullptr) return;
    parts_ = {std::move(queries), std::move(responses)};
    for (const auto& part : parts_) part->watch();
  }

  void add(Batch& batch) noexcept override {
    auto packets = selector_.choose(batch, lacking());
    if (packets.empty() || !counts_) return;
    if (!parts_.empty()) packets = neither(batch, packets);
    if (packets.empty()) return;
    keys_.start(batch);
    own_->add(keys_, packets);
  }

  void absorb(Reducer& sibling) override {
    const CountBy& other = static_cast<CountBy&>(sibling);
    own_->absorb(*other.own_);
    for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i]->absorb(*other.parts_[i]);
  }

  summary::Data take(double) override {
    std::vector<Tally*> tallies = {own_.get()};
    for (const auto& part : parts_) tallies.push_back(part.get());
    summary::Counts counts = Tally::counts_of(tallies, keys_, rules_, context_);
    for (Tally* const tally : tallies) tally->taken();
    return counts;
  }

 private:
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
  std::shared_ptr<Tally> own_;
  std::vector<std::shared_ptr<Tally>> parts_;  ///< none: what is counted here is all
  bool counts_;                                ///< or another one does for all who share the tally
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

/// The same for all who count the same, whatever they show of it. `first`: a condition in front of the others.
std::string name_of_counting(const ReducerConfig& config, std::string_view first = "") {
  std::vector<std::string_view> where(config.where.begin(), config.where.end());
  if (!first.empty()) where.insert(where.begin(), first);
  return fmt::format("count_by {} where {} cells {}", fmt::join(config.by, ","), fmt::join(where, ","), config.cells);
}

/// In the tables of another one who counts the same, if there is one; or as a sum of what two others count.
std::unique_ptr<Reducer> make_counting(Shape shape, KeyMaker keys, std::size_t cells, const ReducerConfig& config,
                                       Surroundings& around) {
  const auto make = [&] { return std::make_shared<Tally>(cells, around.budget); };
  Shared* const shared = around.shared;
  auto tally = shared != nullptr ? shared->get<Tally>(name_of_counting(config), make) : make();
  auto made = std::make_unique<CountBy>(std::move(shape), std::move(keys), std::move(tally), around);
  if (shared != nullptr)
    shared->when_complete([shared, by = made.get(), queries = name_of_counting(config, "query"),
                           responses = name_of_counting(config, "response")] {
      by->sum_up(shared->find<Tally>(queries), shared->find<Tally>(responses));
    });
  return made;
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
  return make_counting(std::move(*shape), std::move(keys), cells, config, around);
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
