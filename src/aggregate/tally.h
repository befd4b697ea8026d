#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "aggregate/cells.h"
#include "aggregate/numbered_rows.h"
#include "aggregate/origin.h"
#include "aggregate/shared.h"
#include "aggregate/spans.h"

namespace rata::aggregate {

/// Counters by key and part over all spans at once.
///
/// Each window is kept as a *pane*: which cells it counted, and how much. It is added to the spans it falls into when
/// it comes, and subtracted from each when the watermark leaves it behind, so a view costs nothing for what did not
/// change. Keys and cells live as long as a pane of the longest span speaks of them.
///
/// Bounded: when more than `limit` keys and cells live, the smallest of them (over the longest span; of equals the
/// oldest) are given up down to three quarters, and their queries move, pane by pane, into the rest of their key or of
/// the table: totals stay exact. When the panes come near eight times as many entries, those that end in the same
/// second (then in the same two seconds, four...) are joined, some with each window, and leave the spans together, with
/// the last of them: up to a sixteenth of the shortest span that they are in, and further only if that is not enough.
/// Whoever calls `tidy` between bursts of windows has all this done then, an eighth earlier, and not by the windows.
///
/// Lifetime: `shared` lives longer, and no tally goes before it with windows in it.
class Tally {
 public:
  Tally(Shared& shared, const Spans& spans, std::size_t limit);

  /// The window must end after the cutoff of the longest span. An origin with an id takes the place of its earlier
  /// revision, unless the caller knows that there is none.
  enum class Earlier { may_be, none };
  struct Added {
    Taken taken = Taken::yes;
    Earlier earlier = Earlier::none;  ///< whether there was one
  };
  Added add(const Origin& origin, const NumberedRows& rows, Earlier earlier = Earlier::may_be);
  /// Leaves behind what is too old for each span.
  void advance(util::Time watermark);
  /// Some of what nears the limits goes already: as much as takes a millisecond or so, a cut, or all that is beyond
  /// them. True: there is more.
  bool tidy();
  /// Adds all windows kept here to `other`, which has the same texts.
  void replay_into(Tally& other) const;

  std::uint64_t total(std::size_t span) const { return totals_[span]; }
  /// Keys in the span, of which those not known one by one are an upper bound.
  std::uint64_t distinct(std::size_t span) const { return live_keys_[span] + rest_keys_[span]; }
  /// Something was cut: equal keys may have been cut more than once, so `distinct` says at most how many there are.
  bool distinct_is_bound(std::size_t span) const { return rest_keys_[span] > 0; }
  bool has_windows(std::size_t span) const;
  /// Where the earliest window begins that is counted in the span: a window that is older at its beginning than the
  /// span is counted whole. Nothing: there is none.
  std::optional<util::Time> begins(std::size_t span) const;
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

  std::string_view key_text(std::uint32_t key) const { return shared_.texts.text(keys_[key].text); }
  std::string_view part_text(std::uint32_t cell) const { return shared_.texts.text(cells_[cell].part_text); }
  std::uint64_t key_appearance(std::uint32_t key) const { return keys_[key].appearance; }
  std::uint64_t cell_appearance(std::uint32_t cell) const { return cells_[cell].appearance; }

  /// What the limits are about.
  struct Size {
    std::size_t keys = 0;
    std::size_t cells = 0;
    std::size_t panes = 0;
    std::size_t entries = 0;  ///< in all panes, with an allowance for each pane itself
  };
  Size size() const;
  std::uint64_t given_up() const { return given_up_; }  ///< keys and cells, since the beginning

 private:
  /// Most of the memory of many servers.
  struct Entry {
    std::uint32_t cell = 0;
    std::uint32_t count = 0;  ///< from `first_wide` on: a place among the wide ones of its pane
  };
  struct KeyRest {
    std::uint32_t key = 0;
    std::uint64_t parts = 0;
    std::uint64_t count = 0;
  };
  /// What one window counted. It holds its cells and the keys of its rests.
  struct Pane {
    static constexpr std::uint32_t first_wide = 1u << 31;

    Origin origin;
    std::vector<Entry> entries;
    std::vector<std::uint64_t> wide = {};  ///< counts that need more than 31 bits
    std::vector<KeyRest> key_rests = {};
    Rows::Rest rest = {};

    std::uint64_t count(const Entry& entry) const {
      return entry.count < first_wide ? entry.count : wide[entry.count - first_wide];
    }
    void append(std::uint32_t cell, std::uint64_t count);
    void increase(Entry& entry, std::uint64_t count);
  };
  using Panes = std::multimap<util::Time, Pane>;  ///< by the end of the window

  // tally.cpp: windows come and go.
  enum class Sign { add, subtract };
  struct Range {
    std::size_t first = 0, last = 0;  ///< spans
  };
  Pane pane_of(const Origin& origin, const NumberedRows& rows);
  void append_entries(Pane& pane, const NumberedRows& rows);
  /// Removes an earlier revision. `repeated` when this one, or a higher one, is already there.
  Added make_way(const Origin& origin);
  void add_pane(Pane&& pane);
  void apply(const Pane& pane, Range spans, Sign sign);
  void change_key(std::size_t span, std::uint32_t key, std::uint64_t difference);
  bool in_span(const Pane& pane, std::size_t span) const { return pane.origin.end > cutoffs_[span]; }
  /// Those that the pane is in: a longer span has all that a shorter one has.
  Range spans_of(const Pane& pane) const;
  void keep(Pane&& pane);
  Panes::iterator remove(Panes::iterator pane);
  void let_go(const Pane& pane);
  static std::size_t weight(const Pane& pane);

  // tally_cut.cpp: too many keys and cells.
  struct GivenUp;
  std::size_t live() const { return keys_.size() + cells_.size(); }
  /// Down to three quarters of `limit`.
  void cut(std::size_t limit);
  GivenUp choose_smallest(std::size_t how_many) const;
  void clear_counters(const GivenUp& given_up);
  void take_out(GivenUp& given_up, Pane& pane);

  // tally_join.cpp: too many entries in panes.
  /// Goes through the panes from old to new, then again with longer units.
  struct Sweep {
    std::int64_t unit = 0;   ///< ns; what ends in the same is joined. 0: nothing is to be done
    std::int64_t share = 0;  ///< a unit is at most such a part of the shortest span that the pane is in
    util::Time next;         ///< the first end to look at
  };
  void join_panes(std::size_t added);
  void join_some(std::size_t how_many);
  std::size_t entries_limit() const;
  void sweep_when_over(std::size_t entries);
  void begin_sweep();
  void step_sweep();
  void end_sweep();
  /// Joins what follows in the sweep; how many entries it looked at.
  std::size_t join_next();
  bool goes_with(const Pane& first, const Pane& other) const;
  /// Makes one pane of a row of them.
  void join(Panes::iterator first, Panes::iterator last);
  void join_entries(Pane& into, const Pane& from);
  void join_key_rests(std::vector<KeyRest>& into, const std::vector<KeyRest>& from);
  /// After joining, for the next to do so.
  void clear_places(const std::vector<Entry>& entries);
  void clear_places(const std::vector<KeyRest>& key_rests);

  Shared& shared_;
  Spans spans_;
  std::size_t limit_;
  Keys keys_;
  Cells cells_;
  Panes panes_;
  std::size_t entries_ = 0;        ///< the weight of all panes
  std::int64_t longest_pane_ = 0;  ///< ns
  Sweep sweep_;
  std::size_t swept_to_ = 0;         ///< the weight that the last sweep left
  std::vector<util::Time> cutoffs_;  ///< by span: a pane is counted in the span when it ends later
  std::vector<std::uint64_t> totals_, live_keys_, rest_keys_;
  std::uint64_t given_up_ = 0;
};

}  // namespace rata::aggregate
