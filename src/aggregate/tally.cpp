#include "aggregate/tally.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace rata::aggregate {
namespace {

constexpr std::size_t largest_limit = 1u << 30;  // what SlotIndex finds its way in

}  // namespace

Tally::Tally(const Spans& spans, std::size_t limit)
    : spans_(spans),
      limit_(std::min(limit, largest_limit)),
      keys_(spans.size()),
      cells_(spans.size()),
      cutoffs_(spans.size(), util::Time{std::numeric_limits<std::int64_t>::min()}),
      totals_(spans.size()),
      live_keys_(spans.size()),
      rest_keys_(spans.size()) {}

Taken Tally::add(const Origin& origin, const Rows& rows, std::uint64_t& sequence) {
  if (!make_way(origin)) return Taken::repeated;
  Pane pane = pane_of(origin, rows, sequence);
  for (std::size_t span = 0; span < spans_.size(); ++span)
    if (in_span(pane, span)) apply(pane, span, Sign::add);
  keep(std::move(pane));
  cut();
  join_panes();
  return Taken::yes;
}

Tally::Pane Tally::pane_of(const Origin& origin, const Rows& rows, std::uint64_t& sequence) {
  Pane pane{origin, {}, {}, rows.rest};
  std::vector<std::string_view> texts;
  for (const Rows::Cell& row : rows.cells) texts.push_back(row.key);
  const std::vector<std::uint32_t> keys = keys_.slots(texts, sequence);
  texts.clear();
  for (const Rows::Cell& row : rows.cells) texts.push_back(row.part);
  std::vector<std::uint32_t> parts(texts.size());
  cells_.parts.intern_each(texts, [&](std::size_t place, StringPool::Interned part) { parts[place] = part.id; });
  const std::vector<std::uint32_t> cells = cells_.slots(keys_, keys, parts, sequence);
  pane.entries.reserve(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) pane.entries.push_back({cells[i], rows.cells[i].count});

  texts.clear();
  for (const Rows::KeyRest& rest : rows.key_rests) texts.push_back(rest.key);
  const std::vector<std::uint32_t> rest_keys = keys_.slots(texts, sequence);
  for (std::size_t i = 0; i < rest_keys.size(); ++i)
    pane.key_rests.push_back({rest_keys[i], rows.key_rests[i].parts, rows.key_rests[i].count});
  combine(pane.entries);
  combine(pane.key_rests);
  hold(pane);
  return pane;
}

bool Tally::make_way(const Origin& origin) {
  if (origin.id == 0) return true;
  auto [pane, last] = panes_.equal_range(origin.end);
  while (pane != last && pane->second.origin.id != origin.id) ++pane;
  if (pane == last) return true;
  if (pane->second.origin.revision >= origin.revision) return false;
  for (std::size_t span = 0; span < spans_.size(); ++span)
    if (in_span(pane->second, span)) apply(pane->second, span, Sign::subtract);
  remove(pane);
  return true;
}

void Tally::apply(const Pane& pane, std::size_t span, Sign sign) {
  // Unsigned numbers wrap: adding the complement subtracts.
  const auto difference = [sign](std::uint64_t count) { return sign == Sign::add ? count : 0 - count; };
  std::vector<std::uint64_t>& cell_counts = cells_.counts[span];
  std::uint64_t total = pane.rest.count;
  for (const Entry& entry : pane.entries) {
    cell_counts[entry.cell] += difference(entry.count);
    change_key(span, cells_.key[entry.cell], difference(entry.count));
    total += entry.count;
  }
  for (const KeyRest& rest : pane.key_rests) {
    keys_.rest_parts[span][rest.key] += difference(rest.parts);
    change_key(span, rest.key, difference(rest.count));
    total += rest.count;
  }
  rest_keys_[span] += difference(pane.rest.keys);
  totals_[span] += difference(total);
}

void Tally::change_key(std::size_t span, std::uint32_t key, std::uint64_t difference) {
  std::uint64_t& count = keys_.counts[span][key];
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
      apply(pane->second, span, Sign::subtract);
    cutoffs_[span] = cutoff;
  }
  while (!panes_.empty() && !in_span(panes_.begin()->second, spans_.longest())) remove(panes_.begin());
}

void Tally::keep(Pane&& pane) {
  entries_ += weight(pane);
  const util::Time end = pane.origin.end;
  panes_.emplace(end, std::move(pane));
}

Tally::Panes::iterator Tally::remove(Panes::iterator pane) {
  let_go(pane->second);
  entries_ -= weight(pane->second);
  return panes_.erase(pane);
}

void Tally::hold(const Pane& pane) {
  for (const Entry& entry : pane.entries) ++cells_.panes[entry.cell];
  for (const KeyRest& rest : pane.key_rests) keys_.names.hold(rest.key);
}

void Tally::let_go(const Pane& pane) {
  for (const Entry& entry : pane.entries) let_go(entry.cell);
  for (const KeyRest& rest : pane.key_rests) keys_.names.release(rest.key);
}

void Tally::let_go(std::uint32_t cell) {
  if (--cells_.panes[cell] == 0) cells_.forget(keys_, cell);
}

void Tally::replay_into(Tally& other, std::uint64_t& sequence) const {
  for (const auto& [end, pane] : panes_) {
    Rows rows;
    rows.rest = pane.rest;
    for (const Entry& entry : pane.entries)
      rows.cells.push_back({key_text(cells_.key[entry.cell]), part_text(entry.cell), entry.count});
    for (const KeyRest& rest : pane.key_rests) rows.key_rests.push_back({key_text(rest.key), rest.parts, rest.count});
    other.add(pane.origin, rows, sequence);
  }
}

bool Tally::has_windows(std::size_t span) const { return !panes_.empty() && in_span(panes_.rbegin()->second, span); }

Tally::Size Tally::size() const {
  return {keys_.names.size(), cells_.size(), cells_.parts.size(), panes_.size(), entries_};
}

}  // namespace rata::aggregate
