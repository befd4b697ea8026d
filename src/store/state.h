#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/catalogue.h"
#include "store/config.h"
#include "store/counters.h"
#include "store/database.h"
#include "store/deriver.h"
#include "store/dirty.h"
#include "store/journal.h"
#include "store/levels.h"
#include "store/lock_file.h"
#include "store/open_panes.h"
#include "store/pane_reader.h"
#include "store/store.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::store {

/// What the parts of the store share: the file and what is known of it in memory.
struct State {
  LockFile lock;
  Config config;
  std::unique_ptr<Database> database;
  Levels levels;
  Catalogue catalogue;
  Journal journal;
  OpenPanes open;
  Dirty dirty;
  Counters counters;
  std::vector<std::string> notes;  ///< for the log
  util::Time newest;               ///< the latest end of a window that was taken
  util::Time names_checked;        ///< `newest`, when names were last looked through for those to forget
  bool is_short_of_room = false;   ///< and the operator was told
  Deriver deriver;

  State(LockFile held, Config settings, std::unique_ptr<Database> file, Levels resolutions)
      : lock(std::move(held)),
        config(std::move(settings)),
        database(std::move(file)),
        levels(std::move(resolutions)),
        catalogue(config),
        deriver(config) {}

  PaneReader reader() {
    return {*database, levels, [this](std::int64_t series) { return catalogue.members_of(series); }};
  }
};

/// Merges into what came of a pane as it is in the file, in the transaction that runs. What cannot be read there stays
/// as it is, and the pane is written beside it.
void write_pane(State& state, const Key& key, Pane pane);

using Deadline = std::chrono::steady_clock::time_point;

/// Merges what waits, and writes open panes until the deadline, at least one, the numbers of what is in them, what they
/// make dirty, and removes journal entries that are not needed any more: one transaction. Errors: nothing of it was
/// done.
util::Result<Flushed> write_open(State& state, std::vector<Key> keys, util::Time now,
                                 Deadline deadline = Deadline::max());

/// See Store::derive_aside: those whose time is over and that nothing came to for a while.
util::Result<bool> derive_aside(State& state, util::Time now);
/// Makes these anew, here and now, in one transaction. Errors: nothing of it was done.
util::Result<void> derive(State& state, const std::vector<Key>& keys);
/// All that there are.
util::Result<void> derive_all(State& state);

/// Removes what is older than its level keeps, or what is beyond the size of the file, and the names that nothing is
/// kept of; gives freed pages back.
util::Result<void> prune(State& state, util::Time now);

}  // namespace rata::store
