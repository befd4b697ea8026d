#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

#include "aggregate/tally.h"

namespace rata::aggregate {
namespace {

constexpr std::size_t cut_share = 8;         // of the limit: what a cut frees, so that cuts are rare
constexpr std::size_t entries_per_cell = 8;  // of the limit: entries in panes
constexpr std::size_t least_entries = 65'536;
constexpr std::size_t pane_entries = 8;  // a pane without entries takes about as much memory as so many

/// Sorts by `member` and adds up what is equal in it.
template <typename T, typename Member, typename Sum>
void combine_by(std::vector<T>& list, Member member, Sum sum) {
  if (list.empty()) return;
  std::ranges::sort(list, {}, member);
  auto last = list.begin();
  for (auto next = std::next(last); next != list.end(); ++next) {
    if (std::invoke(member, *next) == std::invoke(member, *last))
      sum(*last, *next);
    else
      *++last = *next;
  }
  list.erase(std::next(last), list.end());
}

}  // namespace

void Tally::combine(std::vector<Entry>& entries) {
  combine_by(entries, &Entry::cell, [](Entry& into, const Entry& from) { into.count += from.count; });
}

void Tally::combine(std::vector<KeyRest>& key_rests) {
  combine_by(key_rests, &KeyRest::key, [](KeyRest& into, const KeyRest& from) {
    into.parts += from.parts;
    into.count += from.count;
  });
}

std::size_t Tally::weight(const Pane& pane) { return pane_entries + pane.entries.size() + pane.key_rests.size(); }

/// Which keys and cells go. A key goes only together with all its cells.
struct Tally::GivenUp {
  // `counted` once a pane's rest counts it as one: the newest that knew it, so that it counts in the right spans.
  enum class Mark : std::uint8_t { stays, goes, counted };
  std::vector<Mark> keys, cells;

  /// 1 the first time, then 0.
  static std::uint64_t count_once(Mark& mark) { return std::exchange(mark, Mark::counted) == Mark::counted ? 0 : 1; }
};

void Tally::cut() {
  const std::size_t live = keys_.names.size() + cells_.size();
  if (live <= limit_) return;
  const std::size_t how_many = live - (limit_ - limit_ / cut_share);
  GivenUp given_up = choose_smallest(how_many);
  given_up_ += how_many;
  clear_counters(given_up);
  for (auto pane = panes_.rbegin(); pane != panes_.rend(); ++pane) {
    entries_ -= weight(pane->second);
    take_out(given_up, pane->second);
    entries_ += weight(pane->second);
  }
}

Tally::GivenUp Tally::choose_smallest(std::size_t how_many) const {
  struct Candidate {
    std::uint64_t count, key_appearance, appearance;
    std::uint32_t slot;
    bool is_key;
  };
  const std::vector<std::uint64_t>& key_counts = keys_.counts.back();
  const std::vector<std::uint64_t>& cell_counts = cells_.counts.back();
  std::vector<Candidate> candidates;
  candidates.reserve(keys_.names.size() + cells_.size());
  for (std::uint32_t key = 0; key < key_counts.size(); ++key)
    if (key_counts[key] > 0) candidates.push_back({key_counts[key], keys_.appearance[key], 0, key, true});
  for (std::uint32_t cell = 0; cell < cells_.slots(); ++cell) {
    if (cells_.is_free(cell)) continue;
    candidates.push_back({cell_counts[cell], keys_.appearance[cells_.key[cell]], cells_.appearance[cell], cell, false});
  }

  // A key has at least as many queries as each of its cells, and of equals the cell comes first: so no key goes
  // before its cells.
  how_many = std::min(how_many, candidates.size());
  std::ranges::nth_element(
      candidates, candidates.begin() + static_cast<std::ptrdiff_t>(how_many), {},
      [](const Candidate& c) { return std::tuple(c.count, c.key_appearance, c.is_key, c.appearance); });
  GivenUp given_up{std::vector(key_counts.size(), GivenUp::Mark::stays),
                   std::vector(cells_.slots(), GivenUp::Mark::stays)};
  for (std::size_t i = 0; i < how_many; ++i)
    (candidates[i].is_key ? given_up.keys : given_up.cells)[candidates[i].slot] = GivenUp::Mark::goes;
  return given_up;
}

void Tally::clear_counters(const GivenUp& given_up) {
  for (std::size_t span = 0; span < spans_.size(); ++span) {
    std::vector<std::uint64_t>& rest_parts = keys_.rest_parts[span];
    for (std::size_t cell = 0; cell < given_up.cells.size(); ++cell) {
      if (given_up.cells[cell] == GivenUp::Mark::stays) continue;
      if (std::exchange(cells_.counts[span][cell], 0) > 0) ++rest_parts[cells_.key[cell]];
    }
    for (std::size_t key = 0; key < given_up.keys.size(); ++key) {
      if (given_up.keys[key] == GivenUp::Mark::stays) continue;
      rest_parts[key] = 0;
      if (std::exchange(keys_.counts[span][key], 0) == 0) continue;
      ++rest_keys_[span];
      --live_keys_[span];
    }
  }
}

// Most panes have little of what goes, the older ones, which were cut before, next to nothing: what stays is not
// touched.
void Tally::take_out(GivenUp& given_up, Pane& pane) {
  std::vector<KeyRest> rests;
  std::vector<std::uint32_t> gone;
  const auto give_up = [&](const KeyRest& rest) {
    GivenUp::Mark& key = given_up.keys[rest.key];
    if (key == GivenUp::Mark::stays) return rests.push_back(rest);
    pane.rest.keys += GivenUp::count_once(key);
    pane.rest.count += rest.count;
  };
  const auto [last, end] = std::ranges::remove_if(pane.entries, [&](const Entry& entry) {
    GivenUp::Mark& cell = given_up.cells[entry.cell];
    if (cell == GivenUp::Mark::stays) return false;
    give_up({cells_.key[entry.cell], GivenUp::count_once(cell), entry.count});
    gone.push_back(entry.cell);
    return true;
  });
  pane.entries.erase(last, end);
  const bool has_key_gone = std::ranges::any_of(
      pane.key_rests, [&](const KeyRest& rest) { return given_up.keys[rest.key] != GivenUp::Mark::stays; });
  if (gone.empty() && !has_key_gone) return;
  for (const KeyRest& rest : pane.key_rests) give_up(rest);
  combine(rests);
  // What is held anew before what is let go, which may be the last that speaks of a key.
  for (const KeyRest& rest : rests) keys_.names.hold(rest.key);
  for (const KeyRest& rest : std::exchange(pane.key_rests, std::move(rests))) keys_.names.release(rest.key);
  for (const std::uint32_t cell : gone) let_go(cell);
  if (pane.entries.size() < pane.entries.capacity() / 2) pane.entries.shrink_to_fit();
}

bool Tally::in_same_spans(const Pane& left, const Pane& right) const {
  for (std::size_t span = 0; span < spans_.size(); ++span)
    if (in_span(left, span) != in_span(right, span)) return false;
  return true;
}

void Tally::join_panes() {
  const std::size_t limit = std::max(least_entries, limit_ * entries_per_cell);
  if (entries_ <= limit) return;
  const std::int64_t longest = spans_.seconds(spans_.longest()) * util::ns_per_second;
  for (std::int64_t unit = util::ns_per_second; entries_ > limit / 4 * 3 && unit <= longest; unit *= 2) {
    const auto unit_of = [unit](const Pane& pane) { return (pane.origin.end.ns + unit - 1) / unit; };
    for (auto first = panes_.begin(); first != panes_.end();) {
      auto last = std::next(first);
      while (last != panes_.end() && unit_of(last->second) == unit_of(first->second) &&
             in_same_spans(last->second, first->second))
        ++last;
      join(first, last);
      first = last;
    }
  }
}

void Tally::join(Panes::iterator first, Panes::iterator last) {
  if (std::next(first) == last) return;
  Pane all{std::prev(last)->second.origin, {}, {}, {}};
  all.origin.id = 0;  // it stands for several contributions now: none can be replaced any more
  for (auto pane = first; pane != last; ++pane) {
    const auto& [origin, entries, key_rests, rest] = pane->second;
    all.entries.insert(all.entries.end(), entries.begin(), entries.end());
    all.key_rests.insert(all.key_rests.end(), key_rests.begin(), key_rests.end());
    all.rest.keys += rest.keys;
    all.rest.count += rest.count;
  }
  combine(all.entries);
  combine(all.key_rests);
  hold(all);
  while (first != last) first = remove(first);
  keep(std::move(all));
}

}  // namespace rata::aggregate
