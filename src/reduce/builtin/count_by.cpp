// count_by: any statistic, as data. Counts by one or more dimensions, keeps the largest keys, sums up the rest.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "reduce/dimension.h"
#include "reduce/key_table.h"
#include "reduce/reducer.h"
#include "util/hash.h"

namespace rata::reduce {
namespace {

using summary::Counts;
using Octets = std::span<const std::uint8_t>;

constexpr std::size_t max_dimensions = 4;

/// How a packet's key lies in the table: of one dimension the octets themselves, of more each behind its length.
struct Plan {
  std::vector<const Dimension*> by;
  std::vector<const Condition*> where;
  std::vector<std::uint64_t> limit;  ///< one a dimension; 0: all
};

/// Takes the next dimension's octets off a key.
Octets take_part(Octets& key, bool only_one) {
  if (only_one) return std::exchange(key, Octets{});
  const std::size_t length = key[0];
  const Octets part = key.subspan(1, length);
  key = key.subspan(1 + length);
  return part;
}

struct Cell {
  Octets key;  ///< what is left of it below the level at hand
  Octets part;
  std::uint64_t count;
};

bool less(Octets a, Octets b) { return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end()); }

/// Makes rows of cells, level by level, and cuts each level to its limit.
class RowMaker {
 public:
  RowMaker(const Plan& plan, Counts& counts) : plan_(plan), counts_(counts) {}

  void make(std::vector<Cell>& cells) {
    level(cells, 0);
    std::ranges::sort(counts_.rows, {}, &summary::CountRow::keys);
    std::ranges::sort(counts_.rest, {}, &summary::RestRow::prefix);
  }

 private:
  struct Group {
    std::span<Cell> cells;
    std::uint64_t count = 0;
  };

  std::vector<Group> groups_of(std::span<Cell> cells) const {
    for (Cell& cell : cells) cell.part = take_part(cell.key, plan_.by.size() == 1);
    std::ranges::sort(cells, [](const Cell& a, const Cell& b) { return less(a.part, b.part); });
    std::vector<Group> groups;
    for (std::size_t first = 0, next; first < cells.size(); first = next) {
      Group group;
      for (next = first; next < cells.size() && std::ranges::equal(cells[next].part, cells[first].part); ++next)
        group.count += cells[next].count;
      group.cells = cells.subspan(first, next - first);
      groups.push_back(group);
    }
    return groups;
  }

  /// Moves the largest groups to the front and sums up the others. Among equals the smaller octets stay.
  void cut(std::vector<Group>& groups, std::uint64_t limit) {
    if (limit == 0 || groups.size() <= limit) return;
    const auto end = groups.begin() + static_cast<std::ptrdiff_t>(limit);
    std::nth_element(groups.begin(), end, groups.end(), [](const Group& a, const Group& b) {
      return a.count != b.count ? a.count > b.count : less(a.cells[0].part, b.cells[0].part);
    });
    summary::RestRow rest{.prefix = path_, .keys = groups.size() - limit};
    for (auto group = end; group != groups.end(); ++group) rest.count += group->count;
    counts_.rest.push_back(std::move(rest));
    groups.erase(end, groups.end());
  }

  void level(std::span<Cell> cells, std::size_t depth) {
    std::vector<Group> groups = groups_of(cells);
    cut(groups, plan_.limit[depth]);
    for (const Group& group : groups) {
      path_.push_back(plan_.by[depth]->text(group.cells[0].part));
      if (depth + 1 == plan_.by.size())
        counts_.rows.push_back({path_, group.count});
      else
        level(group.cells, depth + 1);
      path_.pop_back();
    }
  }

  const Plan& plan_;
  Counts& counts_;
  std::vector<std::string> path_;
};

class CountBy final : public Reducer {
 public:
  CountBy(Plan plan, std::size_t cells) : plan_(std::move(plan)), table_(cells) {}

  void add(std::span<const Packet> batch) noexcept override {
    // Keys first, then the table: the prefetch hides the way to memory behind the other keys of the group.
    std::size_t waiting = 0;
    for (const Packet& packet : batch) {
      if (!wanted(packet)) continue;
      if (!make_key(packet, waiting_[waiting])) continue;
      table_.prefetch(waiting_[waiting].hash);
      if (++waiting == waiting_.size()) count(std::exchange(waiting, 0));
    }
    count(waiting);
  }

  void absorb(Reducer& sibling) override { table_.absorb(std::move(static_cast<CountBy&>(sibling).table_)); }

  summary::Data take(double) override {
    Counts counts;
    for (const Dimension* dimension : plan_.by) counts.by.emplace_back(dimension->name);
    std::vector<Cell> cells;
    cells.reserve(table_.size());
    table_.each([&](const KeyTable::Entry& entry) { cells.push_back({entry.key, {}, entry.count}); });
    if (table_.dropped_count() > 0)
      counts.rest.push_back({.prefix = {}, .keys = table_.dropped_keys(), .count = table_.dropped_count()});
    counts.error = table_.error();
    RowMaker(plan_, counts).make(cells);
    merge_equal_rests(counts.rest);
    table_.clear();
    return counts;
  }

 private:
  struct WaitingKey {
    std::uint64_t hash = 0;
    std::size_t size = 0;
    std::array<std::uint8_t, max_dimensions * 256> octets;
  };

  /// Every condition holds, and all that the key is made of is known.
  bool wanted(const Packet& packet) noexcept {
    for (const Condition* condition : plan_.where)
      if (skips(packet, condition->needs) || !condition->holds(packet)) return false;
    return std::ranges::none_of(plan_.by, [&](const Dimension* dimension) { return skips(packet, dimension->needs); });
  }

  bool make_key(const Packet& packet, WaitingKey& key) {
    key.size = 0;
    for (const Dimension* dimension : plan_.by) {
      if (!dimension->key(packet, part_)) return false;
      const Octets part = part_.octets();
      if (plan_.by.size() > 1) key.octets[key.size++] = static_cast<std::uint8_t>(part.size());
      std::ranges::copy(part, key.octets.begin() + static_cast<std::ptrdiff_t>(key.size));
      key.size += part.size();
    }
    key.hash = util::table_hash({key.octets.data(), key.size});
    return true;
  }

  void count(std::size_t waiting) {
    for (std::size_t i = 0; i < waiting; ++i) table_.prefetch_key(waiting_[i].hash);
    for (std::size_t i = 0; i < waiting; ++i)
      table_.add(waiting_[i].hash, {waiting_[i].octets.data(), waiting_[i].size});
  }

  static void merge_equal_rests(std::vector<summary::RestRow>& rests) {
    for (std::size_t i = 1; i < rests.size();) {
      if (rests[i].prefix == rests[i - 1].prefix) {
        rests[i - 1].keys += rests[i].keys;
        rests[i - 1].count += rests[i].count;
        rests.erase(rests.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
  }

  Plan plan_;
  KeyTable table_;
  KeyBuffer part_;
  std::array<WaitingKey, 16> waiting_;
};

template <typename Row>
std::string names_of(std::span<const Row> rows) {
  std::vector<std::string_view> names;
  for (const Row& row : rows) names.push_back(row.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

util::Result<Plan> make_plan(const ReducerConfig& config) {
  Plan plan;
  for (const std::string& name : config.by) {
    const Dimension* dimension = find_dimension(name);
    if (dimension == nullptr)
      return util::Error{fmt::format("reducer {}: by: there is no dimension \"{}\"; there are: {}", config.shown_name(),
                                     name, names_of(dimensions()))};
    plan.by.push_back(dimension);
  }
  if (plan.by.empty() || plan.by.size() > max_dimensions)
    return util::Error{fmt::format("reducer {}: by: names 1 to {} of the dimensions {}", config.shown_name(),
                                   max_dimensions, names_of(dimensions()))};
  for (const std::string& name : config.where) {
    const Condition* condition = find_condition(name);
    if (condition == nullptr)
      return util::Error{fmt::format("reducer {}: where: there is no condition \"{}\"; there are: {}",
                                     config.shown_name(), name, names_of(conditions()))};
    plan.where.push_back(condition);
  }
  if (config.limit.size() > plan.by.size())
    return util::Error{fmt::format("reducer {}: limit: has {} numbers for {} dimensions", config.shown_name(),
                                   config.limit.size(), plan.by.size())};
  plan.limit = config.limit;
  plan.limit.resize(plan.by.size(), 0);
  return plan;
}

util::Result<std::unique_ptr<Reducer>> make_count_by(const ReducerConfig& config, std::size_t shards) {
  util::Result<Plan> plan = make_plan(config);
  if (!plan) return plan.error();
  return {std::make_unique<CountBy>(std::move(*plan), std::max<std::size_t>(1, config.cells / shards))};
}

/// A preset is a row of data: the older chain's name over a count_by.
template <typename... Where>
util::Result<std::unique_ptr<Reducer>> preset(ReducerConfig config, std::size_t shards, std::vector<std::string> by,
                                              Where... where) {
  config.by = std::move(by);
  config.where = {where...};
  return make_count_by(config, shards);
}

}  // namespace

extern const ReducerType count_by;
constinit const ReducerType count_by{
    .name = "count_by",
    .help = "Messages by any dimensions. `limit` keeps the largest keys and sums up the rest.",
    .rows = R"({"NOERROR": {"udp": 5}, "-:SKIPPED:-": 2, "-:SKIPPED_SUM:-": 3})",
    .options = "by where limit cells",
    .make = make_count_by,
};

extern const ReducerType queries_name_counter;
constinit const ReducerType queries_name_counter{
    .name = "QueriesNameCounter",
    .help = "Queries by name.",
    .rows = R"({"a.example.": 3})",
    .options = "limit cells",
    .make = [](const ReducerConfig& config, std::size_t shards) { return preset(config, shards, {"qname"}, "query"); },
};

}  // namespace rata::reduce
