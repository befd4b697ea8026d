#include "aggregate/tally.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <utility>

namespace rata::aggregate {
namespace {

constexpr std::size_t largest_limit = 1u << 30;  // what SlotIndex finds its way in
constexpr std::size_t pane_entries = 16;         // a pane without entries takes about as much memory as so many

}  // namespace

Tally::Tally(Shared& shared, const Spans& spans, std::size_t limit)
    : shared_(shared),
      spans_(spans),
      limit_(std::min(limit, largest_limit)),
      keys_(shared.texts, spans.size()),
      cells_(shared.texts, spans.size()),
      cutoffs_(spans.size(), util::Time{std::numeric_limits<std::int64_t>::min()}),
      totals_(spans.size()),
      live_keys_(spans.size()),
      rest_keys_(spans.size()) {}

Tally::Added Tally::add(const Origin& origin, const NumberedRows& rows, Earlier earlier) {
  Added added;
  if (earlier == Earlier::may_be) added = make_way(origin);
  if (added.taken == Taken::yes) add_pane(pane_of(origin, rows));
  return added;
}

void Tally::add_pane(Pane&& pane) {
  const std::size_t added = weight(pane);
  apply(pane, spans_of(pane), Sign::add);
  keep(std::move(pane));
  if (live() > limit_) cut(limit_);
  join_panes(added);
}

Tally::Pane Tally::pane_of(const Origin& origin, const NumberedRows& rows) {
  Pane pane{.origin = origin, .entries = {}, .rest = rows.rest()};
  append_entries(pane, rows);
  pane.key_rests.reserve(rows.key_rests().size());
  for (const NumberedRows::KeyRest& row : rows.key_rests()) keys_.prefetch(row.key);
  for (const NumberedRows::KeyRest& row : rows.key_rests()) {
    const std::uint32_t key = keys_.slot(row.key, shared_.sequence);
    keys_.hold(key);
    pane.key_rests.push_back({key, row.parts, row.count});
  }
  return pane;
}

void Tally::append_entries(Pane& pane, const NumberedRows& rows) {
  constexpr std::size_t group = 16;  // searches that wait for memory together
  std::array<std::uint64_t, group> hashes{};
  const std::vector<NumberedRows::Cell>& cells = rows.cells();
  pane.entries.reserve(cells.size());
  for (std::size_t first = 0; first < cells.size(); first += group) {
    const std::size_t size = std::min(group, cells.size() - first);
    for (std::size_t i = 0; i < size; ++i) {
      hashes[i] = Cells::hash(cells[first + i].key, cells[first + i].part);
      cells_.prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < size; ++i)
      if (!cells_.prefetch_guess(hashes[i])) keys_.prefetch(cells[first + i].key);
    for (std::size_t i = 0; i < size; ++i) {
      const auto& [key, part, count] = cells[first + i];
      const std::uint32_t cell = cells_.slot(keys_, key, part, hashes[i], shared_.sequence);
      cells_.hold(cell);
      pane.append(cell, count);
    }
  }
}

void Tally::Pane::append(std::uint32_t cell, std::uint64_t count) {
  entries.push_back({cell, 0});
  increase(entries.back(), count);
}

void Tally::Pane::increase(Entry& entry, std::uint64_t more) {
  const std::uint64_t sum = count(entry) + more;
  if (entry.count >= first_wide) {
    wide[entry.count - first_wide] = sum;
  } else if (sum < first_wide) {
    entry.count = static_cast<std::uint32_t>(sum);
  } else {
    entry.count = first_wide + static_cast<std::uint32_t>(wide.size());
    wide.push_back(sum);
  }
}

Tally::Added Tally::make_way(const Origin& origin) {
  if (origin.id == 0) return {};
  auto [pane, last] = panes_.equal_range(origin.end);
  while (pane != last && pane->second.origin.id != origin.id) ++pane;
  if (pane == last) return {};
  if (pane->second.origin.revision >= origin.revision) return {Taken::repeated, Earlier::may_be};
  apply(pane->second, spans_of(pane->second), Sign::subtract);
  remove(pane);
  return {Taken::yes, Earlier::may_be};
}

Tally::Range Tally::spans_of(const Pane& pane) const {
  std::size_t first = spans_.size();
  while (first > 0 && in_span(pane, first - 1)) --first;
  return {first, spans_.size()};
}

void Tally::apply(const Pane& pane, Range spans, Sign sign) {
  constexpr std::size_t ahead = 12;  // entries, for memory to come
  // Unsigned numbers wrap: adding the complement subtracts.
  const auto difference = [sign](std::uint64_t count) { return sign == Sign::add ? count : 0 - count; };
  std::uint64_t total = pane.rest.count;
  const std::vector<Entry>& entries = pane.entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + 2 * ahead < entries.size()) {
      cells_.prefetch_cell(entries[i + 2 * ahead].cell);
      cells_.counters.prefetch(entries[i + 2 * ahead].cell);
    }
    if (i + ahead < entries.size()) keys_.counters.prefetch(cells_[entries[i + ahead].cell].key);
    const std::uint32_t cell = entries[i].cell;
    const std::uint64_t count = pane.count(entries[i]);
    const std::uint32_t key = cells_[cell].key;
    for (std::size_t span = spans.first; span < spans.last; ++span) {
      cells_.counters.at(cell, span) += difference(count);
      change_key(span, key, difference(count));
    }
    total += count;
  }
  for (const KeyRest& rest : pane.key_rests) {
    for (std::size_t span = spans.first; span < spans.last; ++span) {
      keys_.counters.at(rest.key, span).rest_parts += difference(rest.parts);
      change_key(span, rest.key, difference(rest.count));
    }
    total += rest.count;
  }
  for (std::size_t span = spans.first; span < spans.last; ++span) {
    rest_keys_[span] += difference(pane.rest.keys);
    totals_[span] += difference(total);
  }
}

void Tally::change_key(std::size_t span, std::uint32_t key, std::uint64_t difference) {
  std::uint64_t& count = keys_.counters.at(key, span).count;
  const bool was_live = count > 0;
  count += difference;
  const bool is_live = count > 0;
  live_keys_[span] += static_cast<std::uint64_t>(is_live) - static_cast<std::uint64_t>(was_live);
}

void Tally::advance(util::Time watermark) {
  for (std::size_t span = 0; span < spans_.size(); ++span) {
    const util::Time cutoff = spans_.cutoff(span, watermark);
    if (cutoff <= cutoffs_[span]) continue;
    const auto last = panes_.upper_bound(cutoff);
    for (auto pane = panes_.upper_bound(cutoffs_[span]); pane != last; ++pane)
      apply(pane->second, {span, span + 1}, Sign::subtract);
    cutoffs_[span] = cutoff;
  }
  while (!panes_.empty() && !in_span(panes_.begin()->second, spans_.longest())) remove(panes_.begin());
}

std::size_t Tally::weight(const Pane& pane) {
  constexpr std::size_t entries_per_rest = sizeof(KeyRest) / sizeof(Entry);
  return pane_entries + pane.entries.size() + pane.wide.size() + pane.key_rests.size() * entries_per_rest;
}

void Tally::keep(Pane&& pane) {
  entries_ += weight(pane);
  longest_pane_ = std::max(longest_pane_, pane.origin.end.ns - pane.origin.start.ns);
  const util::Time end = pane.origin.end;
  panes_.emplace(end, std::move(pane));
}

Tally::Panes::iterator Tally::remove(Panes::iterator pane) {
  let_go(pane->second);
  entries_ -= weight(pane->second);
  return panes_.erase(pane);
}

void Tally::let_go(const Pane& pane) {
  for (const Entry& entry : pane.entries) cells_.release(keys_, entry.cell);
  for (const KeyRest& rest : pane.key_rests) keys_.release(rest.key);
}

void Tally::replay_into(Tally& other) const {
  for (const auto& [end, pane] : panes_) {
    Pane copy{.origin = pane.origin, .entries = {}, .rest = pane.rest};
    copy.entries.reserve(pane.entries.size());
    for (const Entry& entry : pane.entries) {
      const auto& [key, part, key_slot, holders, appearance] = cells_[entry.cell];
      const std::uint32_t cell = other.cells_.slot(other.keys_, key, part, Cells::hash(key, part), shared_.sequence);
      other.cells_.hold(cell);
      copy.append(cell, pane.count(entry));
    }
    for (const KeyRest& rest : pane.key_rests) {
      const std::uint32_t key = other.keys_.slot(keys_[rest.key].text, shared_.sequence);
      other.keys_.hold(key);
      copy.key_rests.push_back({key, rest.parts, rest.count});
    }
    other.add_pane(std::move(copy));
  }
}

bool Tally::has_windows(std::size_t span) const { return !panes_.empty() && in_span(panes_.rbegin()->second, span); }

std::optional<util::Time> Tally::begins(std::size_t span) const {
  std::optional<util::Time> earliest;
  // Those that end later than the longest one lasts after the first begin later, too.
  for (auto pane = panes_.upper_bound(cutoffs_[span]); pane != panes_.end(); ++pane) {
    if (earliest && pane->first.ns - longest_pane_ >= earliest->ns) break;
    earliest = std::min(earliest.value_or(pane->second.origin.start), pane->second.origin.start);
  }
  return earliest;
}

Tally::Size Tally::size() const { return {keys_.size(), cells_.size(), panes_.size(), entries_}; }

}  // namespace rata::aggregate
