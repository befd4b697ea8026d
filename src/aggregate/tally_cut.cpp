#include <algorithm>
#include <utility>

#include "aggregate/tally.h"

namespace rata::aggregate {
namespace {

constexpr std::size_t cut_share = 4;  // of the limit: what a cut frees, so that cuts are rare

/// In the order of what goes first, in one number: by count, of equals by the appearance of the key, so that those of
/// a key stand together, and its cells before the key itself. A key has at least as many queries as each of its cells:
/// so no key goes before its cells.
std::uint64_t rank(std::uint64_t count, std::uint64_t key_appearance, bool is_key) {
  constexpr int count_bits = 20, appearance_bits = 43;
  constexpr std::uint64_t most = (std::uint64_t{1} << count_bits) - 1;
  constexpr std::uint64_t appearances = (std::uint64_t{1} << appearance_bits) - 1;
  return std::min(count, most) << (appearance_bits + 1) | (key_appearance & appearances) << 1 |
         static_cast<std::uint64_t>(is_key);
}

}  // namespace

/// Which keys and cells go. A key goes only together with all its cells.
struct Tally::GivenUp {
  // `counted` once a pane's rest counts it as one: the newest that knew it, so that it counts in the right spans.
  enum class Mark : std::uint8_t { stays, goes, counted };
  std::vector<Mark> keys, cells;

  /// 1 the first time, then 0.
  static std::uint64_t count_once(Mark& mark) { return std::exchange(mark, Mark::counted) == Mark::counted ? 0 : 1; }
};

void Tally::cut(std::size_t limit) {
  const std::size_t how_many = live() - (limit - limit / cut_share);
  GivenUp given_up = choose_smallest(how_many);
  given_up_ += how_many;
  clear_counters(given_up);
  shared_.places.resize(std::max<std::size_t>(shared_.places.size(), keys_.slots()), Shared::nowhere);
  for (auto pane = panes_.rbegin(); pane != panes_.rend(); ++pane) {
    entries_ -= weight(pane->second);
    take_out(given_up, pane->second);
    entries_ += weight(pane->second);
  }
}

Tally::GivenUp Tally::choose_smallest(std::size_t how_many) const {
  struct Candidate {
    std::uint64_t rank;
    std::uint32_t slot;
    bool is_key;
  };
  const std::size_t span = spans_.longest();
  std::vector<Candidate> candidates;
  candidates.reserve(keys_.size() + cells_.size());
  for (std::uint32_t key = 0; key < keys_.slots(); ++key)
    if (keys_[key].holders > 0)
      candidates.push_back({rank(keys_.counters.at(key, span).count, keys_[key].appearance, true), key, true});
  for (std::uint32_t cell = 0; cell < cells_.slots(); ++cell)
    if (cells_[cell].holders > 0)
      candidates.push_back(
          {rank(cells_.counters.at(cell, span), keys_[cells_[cell].key].appearance, false), cell, false});

  how_many = std::min(how_many, candidates.size());
  std::ranges::nth_element(candidates, candidates.begin() + static_cast<std::ptrdiff_t>(how_many), {},
                           &Candidate::rank);
  GivenUp given_up{std::vector(keys_.slots(), GivenUp::Mark::stays), std::vector(cells_.slots(), GivenUp::Mark::stays)};
  for (std::size_t i = 0; i < how_many; ++i)
    (candidates[i].is_key ? given_up.keys : given_up.cells)[candidates[i].slot] = GivenUp::Mark::goes;
  return given_up;
}

void Tally::clear_counters(const GivenUp& given_up) {
  for (std::uint32_t cell = 0; cell < given_up.cells.size(); ++cell) {
    if (given_up.cells[cell] == GivenUp::Mark::stays) continue;
    for (std::size_t span = 0; span < spans_.size(); ++span)
      if (std::exchange(cells_.counters.at(cell, span), 0) > 0) ++keys_.counters.at(cells_[cell].key, span).rest_parts;
  }
  for (std::uint32_t key = 0; key < given_up.keys.size(); ++key) {
    if (given_up.keys[key] == GivenUp::Mark::stays) continue;
    for (std::size_t span = 0; span < spans_.size(); ++span) {
      if (std::exchange(keys_.counters.at(key, span), Keys::Counter()).count == 0) continue;
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
    give_up({cells_[entry.cell].key, GivenUp::count_once(cell), pane.count(entry)});
    gone.push_back(entry.cell);
    return true;
  });
  pane.entries.erase(last, end);
  const bool has_key_gone = std::ranges::any_of(
      pane.key_rests, [&](const KeyRest& rest) { return given_up.keys[rest.key] != GivenUp::Mark::stays; });
  if (gone.empty() && !has_key_gone) return;
  for (const KeyRest& rest : pane.key_rests) give_up(rest);
  // What is held anew before what is let go, which may be the last that speaks of a key.
  for (const KeyRest& rest : rests) keys_.hold(rest.key);
  for (const KeyRest& rest : std::exchange(pane.key_rests, {})) keys_.release(rest.key);
  for (const std::uint32_t cell : gone) cells_.release(keys_, cell);
  join_key_rests(pane.key_rests, rests);
  clear_places(pane.key_rests);
  if (pane.entries.size() < pane.entries.capacity() / 2) pane.entries.shrink_to_fit();
}

}  // namespace rata::aggregate
