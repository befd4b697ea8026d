#include "aggregate/processors/table_rows.h"

#include <algorithm>
#include <map>
#include <utility>

namespace rata::aggregate {
namespace {

constexpr TableLimits looked_at{.rows = 4096, .parts = 256};

/// Keys that go by the same name.
struct Same {
  std::string text;
  std::uint64_t count = 0;
  std::vector<Tally::Counter> keys = {};
};

struct Renamed {
  std::vector<Same> list;
  bool is_other = false;  ///< some key has another name now
};

template <typename Named>
void keep_largest(std::vector<Named>& list, std::size_t limit) {
  std::ranges::sort(list, [](const Named& left, const Named& right) {
    return left.count != right.count ? left.count > right.count : left.text < right.text;
  });
  if (list.size() > limit) list.resize(limit);
}

Renamed renamed(const Tally& tally, const std::vector<Tally::Counter>& keys, const summary::Renaming& renaming) {
  Renamed all;
  std::map<std::string, std::size_t> places;
  for (const Tally::Counter& key : keys) {
    const std::string text = renaming(tally.key_text(key.slot));
    all.is_other = all.is_other || text != tally.key_text(key.slot);
    const auto [place, is_new] = places.try_emplace(text, all.list.size());
    if (is_new) all.list.push_back({text});
    Same& same = all.list[place->second];
    same.count += key.queries;
    same.keys.push_back(key);
  }
  return all;
}

/// Adds the parts of some keys that are one row.
void add_parts(TableRows::Row& row, const Tally& tally, const std::vector<Tally::Parts>& parts, std::size_t limit,
               const summary::Renaming& renaming) {
  std::map<std::string, std::uint64_t> counts;
  std::size_t named = 0;
  for (const Tally::Parts& one : parts) {
    row.distinct_parts += one.distinct;
    named += one.largest.size();
    for (const auto& [count, cell] : one.largest) counts[renaming(tally.part_text(cell))] += count;
  }
  row.distinct_parts -= named - counts.size();
  for (const auto& [text, count] : counts) row.parts.push_back({text, count});
  keep_largest(row.parts, limit);
}

}  // namespace

TableRows table_rows(const Tally& tally, std::size_t span, TableLimits limits) {
  TableRows table{{}, tally.total(span), tally.distinct(span), tally.distinct_is_bound(span)};
  const auto keys = tally.largest_keys(span, limits.rows, Tally::Ties::by_text);
  const auto parts = limits.has_parts ? tally.largest_parts(span, keys, limits.parts, Tally::Ties::by_text)
                                      : std::vector<Tally::Parts>(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    TableRows::Row row{std::string(tally.key_text(keys[i].slot)), keys[i].queries};
    row.distinct_parts = parts[i].distinct;
    for (const auto& [count, cell] : parts[i].largest) row.parts.push_back({std::string(tally.part_text(cell)), count});
    table.rows.push_back(std::move(row));
  }
  return table;
}

TableRows table_rows(const Tally& tally, std::size_t span, TableLimits limits, const summary::Renaming& renaming) {
  TableRows table{{}, tally.total(span), tally.distinct(span), tally.distinct_is_bound(span)};
  const auto keys = tally.largest_keys(span, looked_at.rows, Tally::Ties::by_text);
  auto [list, is_other] = renamed(tally, keys, renaming);
  table.distinct -= keys.size() - list.size();
  // Of those that were not looked at nobody knows whether they are one with another.
  table.distinct_is_bound = table.distinct_is_bound || (is_other && table.distinct > list.size());
  keep_largest(list, limits.rows);
  for (Same& one : list) {
    TableRows::Row row{std::move(one.text), one.count};
    if (limits.has_parts)
      add_parts(row, tally, tally.largest_parts(span, one.keys, looked_at.parts, Tally::Ties::by_text), limits.parts,
                renaming);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace rata::aggregate
