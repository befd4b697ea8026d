#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "aggregate/columns.h"
#include "aggregate/origin.h"
#include "aggregate/rows.h"
#include "aggregate/spans.h"

namespace rata::aggregate {

/// Counters by key and part over all spans at once.
///
/// Each window is kept as a *pane*: which cells it counted, and how much. It is added to the spans it falls into when
/// it comes, and subtracted from each when the watermark leaves it behind, so a view costs nothing for what did not
/// change. Keys and cells live as long as a pane of the longest span speaks of them.
///
/// Bounded: when more than `limit` keys and cells live, the smallest of them (over the longest span; of equals the
/// oldest) are given up down to seven eighths, and their queries move, pane by pane, into the rest of their key or of
/// the table: totals stay exact. When the panes hold eight times as many entries, those that end in the same second
/// (then in the same two seconds, four...) are joined and leave the spans together, with the last of them.
class Tally {
 public:
  Tally(const Spans& spans, std::size_t limit);

  /// The window must end after the cutoff of the longest span. New keys and cells take `sequence` and move it on.
  Taken add(const Origin& origin, const Rows& rows, std::uint64_t& sequence);
  /// Leaves behind what is too old for each span.
  void advance(util::Time watermark);
  /// Adds all windows kept here to `other`.
  void replay_into(Tally& other, std::uint64_t& sequence) const;

  std::uint64_t total(std::size_t span) const { return totals_[span]; }
  /// Keys in the span, of which those not known one by one are an upper bound.
  std::uint64_t distinct(std::size_t span) const { return live_keys_[span] + rest_keys_[span]; }
  /// Something was cut: equal keys may have been cut more than once, so `distinct` says at most how many there are.
  bool distinct_is_bound(std::size_t span) const { return rest_keys_[span] > 0; }
  bool has_windows(std::size_t span) const;
  bool empty() const { return panes_.empty(); }

  /// Who goes first of two with equally many queries.
  enum class Ties { by_text, by_appearance };
  struct Counter {
    std::uint64_t queries = 0;
    std::uint32_t slot = 0;
  };
  /// The parts of one key: the largest of those known one by one.
  struct Parts {
    std::vector<Counter> largest;
    std::uint64_t distinct = 0;  ///< including those left out; an upper bound where something was given up
  };

  std::vector<Counter> largest_keys(std::size_t span, std::size_t limit, Ties ties) const;
  /// For each of `keys`, in their order. One look through the cells serves them all.
  std::vector<Parts> largest_parts(std::size_t span, const std::vector<Counter>& keys, std::size_t limit,
                                   Ties ties) const;

  std::string_view key_text(std::uint32_t key) const { return keys_.names.text(key); }
  std::string_view part_text(std::uint32_t cell) const { return cells_.parts.text(cells_.part[cell]); }
  std::uint64_t key_appearance(std::uint32_t key) const { return keys_.appearance[key]; }
  std::uint64_t cell_appearance(std::uint32_t cell) const { return cells_.appearance[cell]; }

  /// What the limits are about.
  struct Size {
    std::size_t keys = 0;
    std::size_t cells = 0;
    std::size_t parts = 0;  ///< texts of parts
    std::size_t panes = 0;
    std::size_t entries = 0;  ///< in all panes, with an allowance for each pane itself
  };
  Size size() const;
  std::uint64_t given_up() const { return given_up_; }  ///< keys and cells, since the beginning

 private:
  struct Entry {
    std::uint32_t cell = 0;
    std::uint64_t count = 0;
  };
  struct KeyRest {
    std::uint32_t key = 0;
    std::uint64_t parts = 0;
    std::uint64_t count = 0;
  };
  /// What one window counted. It holds its cells and the keys of its rests.
  struct Pane {
    Origin origin;
    std::vector<Entry> entries;      ///< ascending by cell, each once
    std::vector<KeyRest> key_rests;  ///< ascending by key, each once
    Rows::Rest rest;
  };
  using Panes = std::multimap<util::Time, Pane>;  ///< by the end of the window

  // tally.cpp: windows come and go.
  enum class Sign { add, subtract };
  Pane pane_of(const Origin& origin, const Rows& rows, std::uint64_t& sequence);
  /// Removes an earlier revision. False when this revision, or a higher one, is already there.
  bool make_way(const Origin& origin);
  void apply(const Pane& pane, std::size_t span, Sign sign);
  void change_key(std::size_t span, std::uint32_t key, std::uint64_t difference);
  bool in_span(const Pane& pane, std::size_t span) const { return pane.origin.end > cutoffs_[span]; }
  void keep(Pane&& pane);
  Panes::iterator remove(Panes::iterator pane);
  void hold(const Pane& pane);
  void let_go(const Pane& pane);
  void let_go(std::uint32_t cell);

  // tally_limits.cpp: what happens past the limits.
  struct GivenUp;
  void cut();
  GivenUp choose_smallest(std::size_t how_many) const;
  void clear_counters(const GivenUp& given_up);
  void take_out(GivenUp& given_up, Pane& pane);
  void join_panes();
  /// Makes one pane of a row of them.
  void join(Panes::iterator first, Panes::iterator last);
  bool in_same_spans(const Pane& left, const Pane& right) const;
  /// The order and uniqueness that Pane promises.
  static void combine(std::vector<Entry>& entries);
  static void combine(std::vector<KeyRest>& key_rests);
  static std::size_t weight(const Pane& pane);

  Spans spans_;
  std::size_t limit_;
  Keys keys_;
  Cells cells_;
  Panes panes_;
  std::size_t entries_ = 0;          ///< the weight of all panes
  std::vector<util::Time> cutoffs_;  ///< by span: a pane is counted in the span when it ends later
  std::vector<std::uint64_t> totals_, live_keys_, rest_keys_;
  std::uint64_t given_up_ = 0;
};

}  // namespace rata::aggregate
