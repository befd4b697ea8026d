#include "store/pane_reader.h"

#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace rata::store {

PanesByStart PaneReader::panes(std::uint32_t level, std::int64_t series, util::Time from, util::Time until) {
  if (ends_ != nullptr && *ends_) database_.fail("it is not to be read any more");
  std::set<util::Time> dirty;
  database_.each(
      "SELECT start FROM dirty WHERE level = ? AND series = ? AND start >= ? AND start < ?",
      [&](const Row& row) { dirty.insert({row.number(0)}); }, std::int64_t{level}, series, from.ns, until.ns);
  PanesByStart found;
  for (auto start = dirty.begin(); start != dirty.end();) {
    auto made = derived({level, series, *start});
    if (made) found[*start] = *std::move(made);
    start = made ? std::next(start) : dirty.erase(start);
  }
  database_.each(
      "SELECT start, part, lines FROM pane WHERE level = ? AND series = ? AND start >= ? AND start < ? "
      "ORDER BY start, part",
      [&](const Row& row) {
        const util::Time start{row.number(0)};
        if (row.number(1) == 0 && dirty.contains(start)) return;
        add_part(found[start], row.blob(2), level);
      },
      std::int64_t{level}, series, from.ns, until.ns);
  std::erase_if(found, [](const auto& pane) { return pane.second.empty(); });
  return found;
}

bool PaneReader::add_part(Pane& pane, std::string_view lines, std::uint32_t level) {
  auto part = unpacked_pane(lines);
  if (part)
    add(pane, *std::move(part), summary::Relation::consecutive, level);
  else
    ++unreadable_;
  return static_cast<bool>(part);
}

PanesByStart PaneReader::clean_panes(std::uint32_t level, std::int64_t series, util::Time from, util::Time until) {
  PanesByStart found;
  std::set<util::Time> unreadable;
  database_.each(
      "SELECT start, lines FROM pane WHERE level = ? AND series = ? AND start >= ? AND start < ? AND NOT EXISTS "
      "(SELECT 1 FROM dirty WHERE dirty.level = pane.level AND dirty.series = pane.series AND dirty.start = "
      "pane.start) "
      "ORDER BY start, part",
      [&](const Row& row) {
        const util::Time start{row.number(0)};
        if (!add_part(found[start], row.blob(1), level)) unreadable.insert(start);
      },
      std::int64_t{level}, series, from.ns, until.ns);
  std::erase_if(found, [&](const auto& pane) { return pane.second.empty() || unreadable.contains(pane.first); });
  return found;
}

PanesByStart PaneReader::direct_panes(std::uint32_t level, std::int64_t series, util::Time from, util::Time until) {
  PanesByStart found;
  database_.each(
      "SELECT start, lines FROM pane WHERE level = ? AND series = ? AND start >= ? AND start < ? AND part > 0 "
      "ORDER BY start, part",
      [&](const Row& row) { add_part(found[{row.number(0)}], row.blob(1), level); }, std::int64_t{level}, series,
      from.ns, until.ns);
  std::erase_if(found, [](const auto& pane) { return pane.second.empty(); });
  return found;
}

std::optional<Pane> PaneReader::derived(const Key& key) {
  const auto members = members_(key.series);
  if (!members) return from_time(key);
  if (members->empty()) return std::nullopt;
  return from_members(key, *members);
}

Pane PaneReader::from_time(const Key& key) {
  Pane whole;
  const auto level = levels_.find(key.level);
  if (!level || *level == 0) return whole;
  for (auto& [start, pane] : panes(levels_.seconds(*level - 1), key.series, key.start, after(key.start, key.level)))
    add(whole, std::move(pane), summary::Relation::consecutive, key.level);
  return whole;
}

Pane PaneReader::from_members(const Key& key, const std::vector<std::int64_t>& members) {
  std::vector<Pane> parts;
  for (const std::int64_t member : members)
    for (auto& [start, pane] : panes(key.level, member, key.start, after(key.start, key.level)))
      parts.push_back(std::move(pane));
  // By halves: each row is moved as often as the parts can be halved, not once for every part that comes after it.
  while (parts.size() > 1) {
    const std::size_t half = (parts.size() + 1) / 2;
    for (std::size_t i = half; i < parts.size(); ++i)
      add(parts[i - half], std::move(parts[i]), summary::Relation::side_by_side, key.level);
    parts.resize(half);
  }
  return parts.empty() ? Pane{} : std::move(parts.front());
}

}  // namespace rata::store
