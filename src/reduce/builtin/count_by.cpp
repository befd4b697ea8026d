// count_by: any statistic, as data. Counts by one or more dimensions, keeps the largest keys, sums up the rest.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
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

/// Counts by key, each in the form that it has. Reducers that count the same, and only show it in other ways, share
/// one: the first of them counts, and what has been counted goes when the last has shown it.
class Tally {
 public:
  Tally(std::size_t cells, Budget* budget) : numbers_(cells, budget), octets_(cells, budget) {}

  /// True for the first, who has to count.
  bool join() { return users_++ == 0; }

  /// Keys first, then the tables: what is asked for ahead comes while the other keys are made.
  void add(const KeyMaker& keys, std::span<const std::uint16_t> packets) {
    std::array<std::uint64_t, max_batch_packets> numbers;
    if (keys.only_codes()) return count({numbers.data(), keys.make_numbers(packets, numbers.data())});
    static thread_local std::array<Waiting, 16> group;
    std::size_t found = 0, waiting = 0;
    for (const std::uint16_t packet : packets) {
      const KeyMaker::Form form = keys.make_number(packet, numbers[found]);
      if (form == KeyMaker::Form::number) {
        numbers_.prefetch(numbers[found++]);
      } else if (form == KeyMaker::Form::octets) {
        Waiting& next = group[waiting];
        if (!keys.make_octets(packet, next.room.data(), next.key)) continue;
        octets_.prefetch(next.key.hash);
        if (++waiting == group.size()) count(std::span(group).first(std::exchange(waiting, 0)));
      }
    }
    count(std::span(group).first(waiting));
    count({numbers.data(), found});
  }

  /// The first sharer's call leaves nothing for the others'. Thread: several sharers at a time.
  void absorb(Tally& other) {
    const std::scoped_lock lock(mutex_, other.mutex_);
    if (other.is_empty()) return;
    numbers_.absorb(std::move(other.numbers_));
    octets_.absorb(std::move(other.octets_));
  }

  /// Thread: as `absorb`.
  summary::Counts take(const KeyMaker& keys, const RowRules& rules, const Context& context) {
    const std::scoped_lock lock(mutex_);
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
    if (++taken_ == users_) clear();
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

  void count(std::span<const Waiting> group) {
    for (const Waiting& waiting : group) octets_.prefetch_key(waiting.key.hash);
    for (const Waiting& waiting : group) octets_.add(waiting.key.hash, waiting.key.octets);
  }

  bool is_empty() const {
    const auto nothing = [](const auto& table) { return table.size() == 0 && table.dropped_count() == 0; };
    return nothing(numbers_) && nothing(octets_);
  }

  void clear() {
    numbers_.clear();
    octets_.clear();
    taken_ = 0;
  }

  CodeTable numbers_;
  KeyTable octets_;
  std::size_t users_ = 0, taken_ = 0;
  std::mutex mutex_;
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
  CountBy(Shape shape, KeyMaker keys, std::shared_ptr<Tally> tally, Surroundings& around)
      : context_(around.context),
        selector_(std::move(shape.where), needs_of(shape.by), around.plan, shape.first),
        keys_(std::move(keys)),
        rules_(std::move(shape.rules)),
        tally_(std::move(tally)),
        counts_(tally_->join()) {}

  void add(Batch& batch) noexcept override {
    const auto packets = selector_.choose(batch, lacking());
    if (packets.empty() || !counts_) return;
    keys_.start(batch);
    tally_->add(keys_, packets);
  }

  void absorb(Reducer& sibling) override { tally_->absorb(*static_cast<CountBy&>(sibling).tally_); }
  summary::Data take(double) override { return tally_->take(keys_, rules_, context_); }

 private:
  const Context& context_;
  Selector selector_;
  KeyMaker keys_;
  RowRules rules_;
  std::shared_ptr<Tally> tally_;
  bool counts_;  ///< or another one does for all who share the tally
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

/// The same for all who count the same, whatever they show of it.
std::string name_of_counting(const ReducerConfig& config, std::size_t cells) {
  return fmt::format("count_by {} where {} cells {}", fmt::join(config.by, ","), fmt::join(config.where, ","), cells);
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
  const auto make = [&] { return std::make_shared<Tally>(cells, around.budget); };
  auto tally = around.shared != nullptr ? around.shared->get<Tally>(name_of_counting(config, cells), make) : make();
  return {std::make_unique<CountBy>(std::move(*shape), std::move(keys), std::move(tally), around)};
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
