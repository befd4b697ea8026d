#pragma once

#include <cstddef>
#include <cstdint>

namespace rata::store {

/// Since the start, but for what is there now. committed + repeated + too_old + refused are all that came.
struct Counters {
  std::uint64_t committed = 0;     ///< summaries acknowledged as new
  std::uint64_t repeated = 0;      ///< had been before
  std::uint64_t revised_late = 0;  ///< of those, with a revision: the numbers that came first stay
  std::uint64_t too_old = 0;       ///< from before all that is kept
  std::uint64_t refused = 0;
  std::uint64_t replayed = 0;         ///< taken from the journal at the start
  std::uint64_t panes_written = 0;    ///< of windows
  std::uint64_t panes_derived = 0;    ///< of finer panes or of servers
  std::uint64_t pruned = 0;           ///< panes that went with their time
  std::uint64_t pruned_for_room = 0;  ///< panes that went since the file had reached its size
  std::uint64_t forms_lost = 0;       ///< summaries that did not merge with the `most_forms` others of their pane
  std::uint64_t unreadable = 0;       ///< panes and journal entries whose octets were damaged

  std::size_t journal_entries = 0;    ///< now
  std::uint64_t open_panes = 0;       ///< now, in memory
  std::uint64_t open_octets = 0;      ///< now: of the lines in them
  std::uint64_t dirty_panes = 0;      ///< now
  std::uint64_t database_octets = 0;  ///< now: of the file, without its write-ahead log
};

}  // namespace rata::store
