#include "reduce/row_maker.h"

#include <algorithm>
#include <utility>

namespace rata::reduce {
namespace {

/// Nearly always decided by the heads alone.
bool less(const RowMaker::Cell& a, const RowMaker::Cell& b) {
  if (a.head != b.head) return a.head < b.head;
  return std::lexicographical_compare(a.part.begin(), a.part.end(), b.part.begin(), b.part.end());
}

std::uint64_t head_of(Octets part) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i) head = head << 8 | (i < part.size() ? part[i] : 0u);
  return head;
}

/// Different keys may have one text (an older form that knows fewer values), and a rest may have been there before.
void merge_equal_rows(std::vector<summary::CountRow>& rows) {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].keys == rows[kept].keys)
      rows[kept].count += rows[i].count;
    else if (++kept != i)
      rows[kept] = std::move(rows[i]);
  }
  if (!rows.empty()) rows.resize(kept + 1);
}

void merge_equal_rests(std::vector<summary::RestRow>& rests) {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < rests.size(); ++i) {
    if (rests[i].prefix == rests[kept].prefix) {
      rests[kept].keys += rests[i].keys;
      rests[kept].count += rests[i].count;
      rests[kept].most += rests[i].most;
    } else if (++kept != i) {
      rests[kept] = std::move(rests[i]);
    }
  }
  if (!rests.empty()) rests.resize(kept + 1);
}

}  // namespace

void RowMaker::make(std::vector<Cell>& cells, summary::Counts& counts) {
  counts_ = &counts;
  // Limits that leave few rows cut better than by the counts of single cells: they know whole levels.
  std::uint64_t rows = 1;
  bool few = true;
  for (const std::uint64_t limit : rules_.limit) {
    few = few && limit != 0 && limit <= context_.most_rows / rows;
    if (few) rows *= limit;
  }
  if (!few) cut(cells);
  level(cells, 0);
  for (const std::vector<std::string>& keys : rules_.always) {
    if (keys.size() == keys_.uses().size())
      counts.rows.push_back({.keys = keys});
    else
      counts.rest.push_back({.prefix = keys});
  }
  std::ranges::sort(counts.rows, {}, &summary::CountRow::keys);
  std::ranges::sort(counts.rest, {}, &summary::RestRow::prefix);
  merge_equal_rows(counts.rows);
  merge_equal_rests(counts.rest);
}

/// Of more cells than a result may have rows, those with most messages stay; where limits say what goes, they do.
void RowMaker::cut(std::vector<Cell>& cells) {
  if (cells.size() <= context_.most_rows) return;
  for (Cell& cell : cells) {
    cell.part = cell.key;
    cell.head = head_of(cell.part);
  }
  const auto end = cells.begin() + static_cast<std::ptrdiff_t>(context_.most_rows);
  std::nth_element(cells.begin(), end, cells.end(),
                   [](const Cell& a, const Cell& b) { return a.count != b.count ? a.count > b.count : less(a, b); });
  summary::RestRow rest{.prefix = {}, .keys = static_cast<std::uint64_t>(cells.end() - end)};
  for (auto cell = end; cell != cells.end(); ++cell) {
    rest.count += cell->count;
    rest.most = std::max(rest.most, cell->count);
  }
  counts_->rest.push_back(std::move(rest));
  cells.erase(end, cells.end());
}

std::vector<RowMaker::Group> RowMaker::groups_of(std::span<Cell> cells, std::size_t depth) const {
  for (Cell& cell : cells) {
    cell.part = keys_.take_part(cell.key, depth);
    cell.head = head_of(cell.part);
  }
  std::vector<Group> groups;
  if (depth + 1 == keys_.uses().size()) {
    // No key stands there twice: each is a group. Rows are sorted when they are all there.
    groups.reserve(cells.size());
    for (Cell& cell : cells) groups.push_back({{&cell, 1}, cell.count});
    return groups;
  }
  std::ranges::sort(cells, less);
  for (std::size_t first = 0, next; first < cells.size(); first = next) {
    Group group;
    for (next = first; next < cells.size() && std::ranges::equal(cells[next].part, cells[first].part); ++next)
      group.count += cells[next].count;
    group.cells = cells.subspan(first, next - first);
    groups.push_back(group);
  }
  return groups;
}

/// How many groups of one level there may be with those that tie: a result may have so many rows and no more.
std::size_t RowMaker::room_for_ties(std::size_t depth) const {
  std::uint64_t rows_of_each = 1;
  for (std::size_t below = depth + 1; below < rules_.limit.size(); ++below)
    rows_of_each *= std::max<std::uint64_t>(rules_.limit[below], 1);
  const std::size_t made = counts_->rows.size();
  return made < context_.most_rows ? (context_.most_rows - made) / rows_of_each : 0;
}

/// Moves the largest groups to the front and sums up the others. Among equals the smaller octets stay.
void RowMaker::cut(std::vector<Group>& groups, std::size_t depth) {
  const std::uint64_t limit = rules_.limit[depth];
  if (limit == 0 || groups.size() <= limit) return;
  const auto larger = [](const Group& a, const Group& b) {
    return a.count != b.count ? a.count > b.count : less(a.cells[0], b.cells[0]);
  };
  auto end = groups.begin() + static_cast<std::ptrdiff_t>(limit);
  std::nth_element(groups.begin(), end - 1, groups.end(), larger);
  if (rules_.ties) {
    const auto tied = [last = (end - 1)->count](const Group& group) { return group.count == last; };
    const auto end_of_tied = std::partition(end, groups.end(), tied);
    const auto with_tied = static_cast<std::size_t>(end_of_tied - groups.begin());
    const std::size_t kept = std::min(with_tied, std::max<std::size_t>(limit, room_for_ties(depth)));
    end = groups.begin() + static_cast<std::ptrdiff_t>(kept);
    if (end != end_of_tied) std::nth_element(groups.begin(), end - 1, end_of_tied, larger);
  }
  if (end == groups.end()) return;
  summary::RestRow rest{.prefix = path_, .keys = static_cast<std::uint64_t>(groups.end() - end)};
  for (auto group = end; group != groups.end(); ++group) {
    rest.count += group->count;
    rest.most = std::max(rest.most, group->count);
  }
  counts_->rest.push_back(std::move(rest));
  groups.erase(end, groups.end());
}

void RowMaker::level(std::span<Cell> cells, std::size_t depth) {
  std::vector<Group> groups = groups_of(cells, depth);
  cut(groups, depth);
  for (const Group& group : groups) {
    path_.push_back(keys_.text(group.cells[0].part, depth, context_, rules_.older));
    if (depth + 1 == keys_.uses().size())
      counts_->rows.push_back({path_, group.count});
    else
      level(group.cells, depth + 1);
    path_.pop_back();
  }
}

}  // namespace rata::reduce
