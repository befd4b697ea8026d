#include "aggregate/tally.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace rata::aggregate {
namespace {

constexpr std::size_t largest_limit = 1u << 30;  // what SlotIndex finds its way in

/// Interns the texts of one side of the rows, which often repeat from row to row.
template <typename Intern>
class Repeating {
 public:
  explicit Repeating(Intern intern) : intern_(std::move(intern)) {}

  std::uint32_t operator()(std::string_view text) {
    if (!has_last_ || text != last_) {
      last_ = text;
      id_ = intern_(text);
      has_last_ = true;
    }
    return id_;
  }

 private:
  Intern intern_;
  std::string_view last_;
  std::uint32_t id_ = 0;
  bool has_last_ = false;
};

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
  Repeating key_of([&](std::string_view text) { return keys_.slot(text, sequence); });
  Repeating part_of([&](std::string_view text) { return cells_.parts.intern(text).id; });
  Pane pane{origin, {}, {}, rows.rest};
  pane.entries.reserve(rows.cells.size());
  for (const Rows::Cell& row : rows.cells) {
    if (row.count == 0) continue;
    const std::uint32_t key = key_of(row.key);
    pane.entries.push_back({cells_.slot(keys_, key, part_of(row.part), sequence), row.count});
  }
  for (const Rows::KeyRest& rest : rows.key_rests)
    if (rest.count > 0) pane.key_rests.push_back({key_of(rest.key), rest.parts, rest.count});
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
  for (const Entry& entry : pane.entries)
    if (--cells_.panes[entry.cell] == 0) cells_.forget(keys_, entry.cell);
  for (const KeyRest& rest : pane.key_rests) keys_.names.release(rest.key);
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
