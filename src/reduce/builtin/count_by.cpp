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

/// What both tables have to say when a window ends.
template <typename Table>
summary::Counts counts_of(const Table& table, const KeyMaker& keys, const RowRules& rules, const Context& context,
                          std::vector<RowMaker::Cell>& cells) {
  summary::Counts counts;
  for (const DimensionUse& use : keys.uses()) counts.by.emplace_back(use.dimension->name);
  if (table.dropped_count() > 0)
    counts.rest.push_back({.prefix = {}, .keys = table.dropped_keys(), .count = table.dropped_count()});
  counts.error = table.error();
  RowMaker(keys, rules, context).make(cells, counts);
  return counts;
}

/// Counts keys that are numbers.
class NumberCounts {
 public:
  NumberCounts(std::size_t cells, Budget* budget) : table_(cells, budget) {}

  void add(const KeyMaker& keys, std::span<const std::uint16_t> packets) {
    std::uint64_t key;
    for (const std::uint16_t packet : packets)
      if (keys.make_number(packet, key)) table_.add(key);
  }

  void absorb(NumberCounts& other) { table_.absorb(std::move(other.table_)); }

  summary::Counts take(const KeyMaker& keys, const RowRules& rules, const Context& context) {
    std::vector<std::uint8_t> octets(table_.size() * keys.unpacked_octets());
    std::vector<RowMaker::Cell> cells;
    cells.reserve(table_.size());
    std::uint8_t* at = octets.data();
    table_.each([&](std::uint64_t key, std::uint64_t count) {
      cells.push_back({keys.unpack(key, at), count});
      at += keys.unpacked_octets();
    });
    summary::Counts counts = counts_of(table_, keys, rules, context, cells);
    table_.clear();
    return counts;
  }

 private:
  CodeTable table_;
};

/// Counts keys that are octets. Keys first, then the table: the prefetch hides the way to memory behind the others of a
/// group.
class OctetCounts {
 public:
  OctetCounts(std::size_t cells, Budget* budget) : table_(cells, budget) {}

  void add(const KeyMaker& keys, std::span<const std::uint16_t> packets) {
    std::size_t waiting = 0;
    for (const std::uint16_t packet : packets) {
      Waiting& next = waiting_[waiting];
      if (!keys.make_octets(packet, next.room.data(), next.key)) continue;
      table_.prefetch(next.key.hash);
      if (++waiting == waiting_.size()) count(std::exchange(waiting, 0));
    }
    count(waiting);
  }

  void absorb(OctetCounts& other) { table_.absorb(std::move(other.table_)); }

  summary::Counts take(const KeyMaker& keys, const RowRules& rules, const Context& context) {
    std::vector<RowMaker::Cell> cells;
    cells.reserve(table_.size());
    table_.each([&](const KeyTable::Entry& entry) { cells.push_back({entry.key, entry.count}); });
    summary::Counts counts = counts_of(table_, keys, rules, context, cells);
    table_.clear();
    return counts;
  }

 private:
  struct Waiting {
    KeyMaker::Made key;
    std::array<std::uint8_t, KeyMaker::max_octets> room;
  };

  void count(std::size_t waiting) {
    for (std::size_t i = 0; i < waiting; ++i) table_.prefetch_key(waiting_[i].key.hash);
    for (std::size_t i = 0; i < waiting; ++i) table_.add(waiting_[i].key.hash, waiting_[i].key.octets);
  }

  KeyTable table_;
  std::array<Waiting, 16> waiting_;
};

/// What one count_by of a configuration is, whatever table it counts in.
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

template <typename Tally>
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
  if (keys.is_number())
    return {std::make_unique<CountBy<NumberCounts>>(std::move(*shape), std::move(keys), cells, around)};
  return {std::make_unique<CountBy<OctetCounts>>(std::move(*shape), std::move(keys), cells, around)};
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
