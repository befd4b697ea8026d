// count_by: any statistic, as data. Counts by one or more dimensions, keeps the largest keys, sums up the rest.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "reduce/builtin/count_by.h"
#include "reduce/builtin/measure_by.h"
#include "reduce/code_table.h"
#include "reduce/key_maker.h"
#include "reduce/key_table.h"
#include "reduce/row_maker.h"
#include "reduce/selector.h"

namespace rata::reduce {
namespace {

/// Counts by key, each in the form that it has.
class Tally {
 public:
  Tally(std::size_t cells, Budget* budget) : numbers_(cells, budget), octets_(cells, budget) {}

  /// Keys first, then the tables: what is asked for ahead comes while the other keys are made.
  void add(const KeyMaker& keys, std::span<const std::uint16_t> packets) {
    std::array<std::uint64_t, max_batch_packets> numbers;
    if (keys.only_codes()) return count({numbers.data(), keys.make_numbers(packets, numbers.data())});
    std::size_t found = 0, waiting = 0;
    for (const std::uint16_t packet : packets) {
      const KeyMaker::Form form = keys.make_number(packet, numbers[found]);
      if (form == KeyMaker::Form::number) {
        numbers_.prefetch(numbers[found++]);
      } else if (form == KeyMaker::Form::octets) {
        Waiting& next = waiting_[waiting];
        if (!keys.make_octets(packet, next.room.data(), next.key)) continue;
        octets_.prefetch(next.key.hash);
        if (++waiting == waiting_.size()) count(std::exchange(waiting, 0));
      }
    }
    count(waiting);
    count({numbers.data(), found});
  }

  void absorb(Tally& other) {
    numbers_.absorb(std::move(other.numbers_));
    octets_.absorb(std::move(other.octets_));
  }

  summary::Counts take(const KeyMaker& keys, const RowRules& rules, const Context& context) {
    std::vector<std::uint8_t> unpacked(numbers_.size() * KeyMaker::max_unpacked_octets);
    std::vector<RowMaker::Cell> cells;
    cells.reserve(numbers_.size() + octets_.size());
    std::uint8_t* room = unpacked.data();
    numbers_.each([&](std::uint64_t key, std::uint64_t count) {
      cells.push_back({keys.unpack(key, room), count});
      room += cells.back().key.size();
    });
    octets_.each([&](const KeyTable::Entry& entry) { cells.push_back({entry.key, entry.count}); });
    summary::Counts counts;
    for (const DimensionUse& use : keys.uses()) counts.by.emplace_back(use.dimension->name);
    const std::uint64_t dropped = numbers_.dropped_count() + octets_.dropped_count();
    if (dropped > 0)
      counts.rest.push_back({.prefix = {}, .keys = numbers_.dropped_keys() + octets_.dropped_keys(), .count = dropped});
    counts.error = std::max(numbers_.error(), octets_.error());
    RowMaker(keys, rules, context).make(cells, counts);
    numbers_.clear();
    octets_.clear();
    return counts;
  }

 private:
  struct Waiting {
    KeyMaker::Made key;
    std::array<std::uint8_t, KeyMaker::max_octets> room;
  };

  void count(std::span<const std::uint64_t> numbers) {
    for (const std::uint64_t number : numbers) numbers_.add(number);
  }

  void count(std::size_t waiting) {
    for (std::size_t i = 0; i < waiting; ++i) octets_.prefetch_key(waiting_[i].key.hash);
    for (std::size_t i = 0; i < waiting; ++i) octets_.add(waiting_[i].key.hash, waiting_[i].key.octets);
  }

  CodeTable numbers_;
  KeyTable octets_;
  std::array<Waiting, 16> waiting_;
};

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
  CountBy(Shape shape, KeyMaker keys, std::size_t cells, Surroundings& around)
      : context_(around.context),
        selector_(std::move(shape.where), needs_of(shape.by), around.plan, shape.first),
        keys_(std::move(keys)),
        rules_(std::move(shape.rules)),
        tally_(cells, around.budget) {}

  void add(Batch& batch) noexcept override {
    const auto packets = selector_.choose(batch, lacking());
    if (packets.empty()) return;
    keys_.start(batch);
    tally_.add(keys_, packets);
  }

  void absorb(Reducer& sibling) override { tally_.absorb(static_cast<CountBy&>(sibling).tally_); }
  summary::Data take(double) override { return tally_.take(keys_, rules_, context_); }

 private:
  const Context& context_;
  Selector selector_;
  KeyMaker keys_;
  RowRules rules_;
  Tally tally_;
};

util::Result<Shape> read_shape(const ReducerConfig& config) {
  Shape shape;
  for (const std::string& name : config.by) {
    const auto use = read_dimension(name);
    if (!use) return util::Error{fmt::format("reducer {}: by: {}", config.shown_name(), use.error().message)};
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

/// None: how many, and nothing else.
util::Result<std::vector<Gauge>> read_gauges(const ReducerConfig& config, Plan& plan) {
  std::vector<Gauge> gauges;
  if (config.measure == std::vector<std::string>{"count"}) return gauges;
  for (const std::string& text : config.measure) {
    auto gauge = Gauge::read(text);
    if (!gauge) return util::Error{fmt::format("reducer {}: measure: {}", config.shown_name(), gauge.error().message)};
    if (std::ranges::find(gauges, text, &Gauge::text) != gauges.end())
      return util::Error{fmt::format("reducer {}: measure: \"{}\" stands there twice", config.shown_name(), text)};
    gauge->join(plan);
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
  auto gauges = read_gauges(config, around.plan);
  if (!gauges) return gauges.error();
  KeyMaker keys(shape->by, around.plan);
  const std::size_t cells = std::max<std::size_t>(1, config.cells / around.context.shards);
  if (!gauges->empty()) {
    std::vector<Needs> needs = needs_of(shape->by);
    for (const Gauge& gauge : *gauges) needs.push_back(gauge.needs());
    Selector selector(std::move(shape->where), std::move(needs), around.plan);
    return make_measure_by(std::move(selector), std::move(keys), std::move(shape->rules), std::move(*gauges), cells,
                           around);
  }
  return {std::make_unique<CountBy>(std::move(*shape), std::move(keys), cells, around)};
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
