#include <algorithm>
#include <iterator>
#include <utility>

#include "aggregate/tally.h"

namespace rata::aggregate {
namespace {

constexpr std::size_t entries_per_cell = 8;  // of the limit: entries in panes
constexpr std::size_t least_entries = 65'536;
// For each entry that comes so many are looked at. Each is joined about ten times in its life, at ever longer units.
constexpr std::size_t looked_at_per_entry = 16;
// While nothing comes: in about a millisecond.
constexpr std::size_t looked_at_in_a_lull = 100'000;
constexpr std::int64_t gentle_share = 16;

}  // namespace

std::size_t Tally::entries_limit() const { return std::max(least_entries, limit_ * entries_per_cell); }

/// What room there must be for all that comes until the next lull: windows do not have to wait then.
bool Tally::tidy() {
  if (const std::size_t early = limit_ - limit_ / 8; live() > early) {
    cut(early);
    return true;
  }
  sweep_when_over(entries_limit() / 8 * 7);
  join_some(looked_at_in_a_lull);
  return sweep_.unit > 0;
}

/// Where all that may be joined is, another sweep finds nothing until more has come.
void Tally::sweep_when_over(std::size_t entries) {
  swept_to_ = std::min(swept_to_, entries_);
  if (sweep_.unit == 0 && entries_ > std::max(entries, swept_to_ + entries_limit() / 16)) begin_sweep();
}

/// A part of the work with each window, so that none waits long for the whole of it.
void Tally::join_panes(std::size_t added) {
  sweep_when_over(entries_limit() / 16 * 15);
  join_some(added * looked_at_per_entry);
}

void Tally::join_some(std::size_t how_many) {
  const std::size_t limit = entries_limit();
  std::size_t looked_at = 0;
  while (sweep_.unit > 0 && (looked_at < how_many || entries_ > limit)) {
    if (entries_ < limit / 4 * 3)
      end_sweep();
    else
      looked_at += join_next();
  }
}

void Tally::begin_sweep() { sweep_ = {util::ns_per_second, gentle_share, panes_.begin()->first}; }

void Tally::end_sweep() {
  sweep_ = {};
  swept_to_ = entries_;
}

void Tally::step_sweep() {
  const std::int64_t longest = spans_.seconds(spans_.longest()) * util::ns_per_second;
  sweep_.next = panes_.begin()->first;
  sweep_.unit *= 2;
  if (sweep_.unit * sweep_.share <= longest) return;
  if (sweep_.share == 1) return end_sweep();
  sweep_ = {util::ns_per_second, 1, panes_.begin()->first};
}

std::size_t Tally::join_next() {
  const auto first = panes_.lower_bound(sweep_.next);
  if (first == panes_.end()) {
    step_sweep();
    return 1;
  }
  auto last = first;
  std::size_t looked_at = 0;
  do {
    looked_at += weight(last->second);
    ++last;
  } while (last != panes_.end() && goes_with(first->second, last->second));
  sweep_.next = {std::prev(last)->first.ns + 1};
  join(first, last);
  return looked_at;
}

bool Tally::goes_with(const Pane& first, const Pane& other) const {
  const auto unit_of = [this](const Pane& pane) { return (pane.origin.end.ns + sweep_.unit - 1) / sweep_.unit; };
  const std::size_t span = spans_of(first).first;
  return unit_of(first) == unit_of(other) && span == spans_of(other).first &&
         sweep_.unit * sweep_.share <= spans_.seconds(span) * util::ns_per_second;
}

void Tally::join(Panes::iterator first, Panes::iterator last) {
  if (std::next(first) == last) return;
  shared_.places.resize(std::max<std::size_t>({shared_.places.size(), cells_.slots(), keys_.slots()}), Shared::nowhere);
  Pane all{.origin = std::prev(last)->second.origin, .entries = {}};
  all.origin.id = 0;  // it stands for several contributions now: none can be replaced any more
  std::size_t entries = 0;
  for (auto pane = first; pane != last; ++pane) entries += pane->second.entries.size();
  all.entries.reserve(entries);
  for (auto pane = first; pane != last; ++pane) join_entries(all, pane->second);
  clear_places(all.entries);
  for (auto pane = first; pane != last; ++pane) join_key_rests(all.key_rests, pane->second.key_rests);
  clear_places(all.key_rests);
  for (auto pane = first; pane != last; pane = panes_.erase(pane)) {
    all.origin.start = std::min(all.origin.start, pane->second.origin.start);
    all.rest.keys += pane->second.rest.keys;
    all.rest.count += pane->second.rest.count;
    entries_ -= weight(pane->second);
  }
  all.entries.shrink_to_fit();
  keep(std::move(all));
}

/// An entry less holds its cell less; the one that it became part of still does.
void Tally::join_entries(Pane& into, const Pane& from) {
  for (const Entry& entry : from.entries) {
    std::uint32_t& place = shared_.places[entry.cell];
    if (place != Shared::nowhere) {
      into.increase(into.entries[place], from.count(entry));
      cells_.release(keys_, entry.cell);
    } else {
      place = static_cast<std::uint32_t>(into.entries.size());
      into.append(entry.cell, from.count(entry));
    }
  }
}

void Tally::join_key_rests(std::vector<KeyRest>& into, const std::vector<KeyRest>& from) {
  for (const KeyRest& rest : from) {
    std::uint32_t& place = shared_.places[rest.key];
    if (place != Shared::nowhere) {
      into[place].parts += rest.parts;
      into[place].count += rest.count;
      keys_.release(rest.key);
    } else {
      place = static_cast<std::uint32_t>(into.size());
      into.push_back(rest);
    }
  }
}

void Tally::clear_places(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) shared_.places[entry.cell] = Shared::nowhere;
}

void Tally::clear_places(const std::vector<KeyRest>& key_rests) {
  for (const KeyRest& rest : key_rests) shared_.places[rest.key] = Shared::nowhere;
}

}  // namespace rata::aggregate
