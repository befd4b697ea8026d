#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "store/database.h"
#include "store/levels.h"
#include "store/pane.h"
#include "util/time.h"

namespace rata::store {

using PanesByStart = std::map<util::Time, Pane>;

/// Reads panes as they ought to be: what is dirty is made anew from finer panes or from servers, on the way.
class PaneReader {
 public:
  /// What a scope's series is made of; nothing for one of a monitor.
  using Members = std::function<std::optional<std::vector<std::int64_t>>(std::int64_t series)>;

  /// `database`, `levels` and `ends` outlive it. When `ends` becomes true, all that is read from then on is an error.
  PaneReader(Database& database, const Levels& levels, Members members, const std::atomic<bool>* ends = nullptr)
      : database_(database), levels_(levels), members_(std::move(members)), ends_(ends) {}

  /// Those that start in [from, until). Of single seconds (`fine_seconds`): by the start of the base pane they lie in.
  PanesByStart panes(std::uint32_t level, std::int64_t series, util::Time from, util::Time until);
  /// Of those the ones that are in the file as they ought to be, and can be read.
  PanesByStart clean_panes(std::uint32_t level, std::int64_t series, util::Time from, util::Time until);
  /// Of panes what came so, and was not made of finer ones.
  PanesByStart direct_panes(std::uint32_t level, std::int64_t series, util::Time from, util::Time until);
  /// Part 0 of a pane, from what it is made of. Nothing: of a scope that nobody is in any more, it stays as it is.
  std::optional<Pane> derived(const Key& key);

  /// Panes whose octets could not be read. They are as if they were not there.
  std::uint64_t unreadable() const { return unreadable_; }

 private:
  /// False: it cannot be read, and is counted.
  bool add_part(Pane& pane, std::string_view lines, std::uint32_t level);
  Pane from_time(const Key& key);
  Pane from_members(const Key& key, const std::vector<std::int64_t>& members);

  Database& database_;
  const Levels& levels_;
  Members members_;
  const std::atomic<bool>* ends_;
  std::uint64_t unreadable_ = 0;
};

}  // namespace rata::store
