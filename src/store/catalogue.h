#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "store/config.h"
#include "store/database.h"
#include "store/ranges.h"
#include "summary/summary.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::store {

enum class Kind : std::uint8_t { monitor, group, total };

/// What has panes: one reducer of one monitor, of a group of servers, or of all.
struct Series {
  std::int64_t id = 0;
  Kind kind = Kind::monitor;
  std::string name;     ///< of the server or group
  std::string monitor;  ///< "" but for Kind::monitor
  std::string reducer;
  std::string form;          ///< summary::merge_rule of what came first
  util::Time first, last;    ///< the earliest start and the latest end of its windows
  std::uint32_t finest = 0;  ///< the finest level that it has panes at, in seconds; 0: none yet
  /// The latest end of a window whose seconds are not kept one by one: what single seconds there are before are not
  /// all that it had then.
  util::Time coarse_until;
  bool is_changed = true;  ///< and not written yet
  std::size_t boots = 0;   ///< how many sources it has
};

/// One run of a monitor, for one of its reducers: what gives its windows one row of numbers.
struct Source {
  std::int64_t id = 0;
  Series* series = nullptr;
  std::string boot;
  Ranges seen;     ///< acknowledged
  Ranges written;  ///< in panes, so in the file
  bool is_stored = false;
  std::int64_t entry = 0;  ///< the highest of the journal that had anything of it

  /// When its last window ended; 1970 where nothing says so.
  util::Time last() const;
  /// Nothing of it waits, and no entry that is still there, the first of which is `lowest`, would bring it again.
  bool is_done(std::int64_t lowest) const { return is_stored && entry < lowest && seen == written; }
};

/// Everything that has ever been sent, by name. Ids are given here and written with the first pane that needs them.
/// Lifetime: series and sources stay where they are; a source goes with `forget`.
class Catalogue {
 public:
  /// More names than any real set of servers has: a sender that makes them up must not fill memory. One whose boots are
  /// too many loses the oldest of them, so that who is known can always start again.
  static constexpr std::size_t most_series = 100'000;
  static constexpr std::size_t most_sources = 1'000'000, most_boots = 4096;

  explicit Catalogue(const Config& config) : groups_(config.groups) {}

  util::Result<void> load(Database& database);

  /// nullptr: nothing of it was taken yet.
  const Source* find(const summary::Summary& summary) const;
  /// The same, made where there is none.
  Source& source(const summary::Summary& summary);
  /// False: its name is a new one, and there are too many.
  bool has_room_for(const summary::Summary& summary) const;
  const Series& series(std::int64_t id) const { return *by_id_.at(id); }

  /// The series that one of a monitor is a part of: those of its server's groups, and that of all.
  const std::vector<Series*>& scopes_of(const Series& series);
  /// Ids of what a scope's series is made of; nothing for one of a monitor.
  std::optional<std::vector<std::int64_t>> members_of(std::int64_t series) const;
  /// From now on.
  void set_groups(std::map<std::string, std::vector<std::string>> groups);

  /// Widens the time that it covers.
  void cover(Series& series, util::Time from, util::Time until, std::uint32_t level);

  /// Writes what is new in the transaction that runs, and forgets to do so again when that is in the file.
  void write_changes(Database& database) const;
  void changes_written();

  /// Sources all of whose windows ended before `horizon`: what they send again is too old anyway. And those that ended
  /// before `boot_horizon` whose monitor has started again since. `lowest`, here and below: see Source::is_done.
  std::vector<const Source*> ended_before(util::Time horizon, util::Time boot_horizon, std::int64_t lowest) const;
  /// Of series with more boots than they may have, the oldest.
  std::vector<const Source*> beyond_limits(std::int64_t lowest);
  void forget(const std::vector<const Source*>& sources);
  void forget(const std::vector<const Series*>& series);

  const std::map<std::int64_t, Series*>& all() const { return by_id_; }
  const std::map<std::int64_t, Source*>& sources() const { return source_by_id_; }

 private:
  using SeriesName = std::tuple<Kind, std::string, std::string, std::string>;
  using SourceName = std::pair<std::int64_t, std::string>;

  Series& add(SeriesName name);

  std::map<std::string, std::vector<std::string>> groups_;
  std::map<SeriesName, std::unique_ptr<Series>> series_;
  std::map<SourceName, std::unique_ptr<Source>> sources_;
  std::map<std::int64_t, Series*> by_id_;
  std::map<std::int64_t, Source*> source_by_id_;
  std::map<std::int64_t, std::vector<Series*>> scopes_;  // by the id of a monitor's series
  std::vector<Series*> changed_;                         // those with `is_changed`
  std::vector<Source*> new_;                             // those without `is_stored`
  std::set<std::int64_t> crowded_;                       // series with too many boots
};

/// Whether a server is in a group as configured.
bool is_in(const std::map<std::string, std::vector<std::string>>& groups, const std::string& group,
           const std::string& server);
/// Reads series as they are in the file.
std::vector<Series> read_series(Database& database);

}  // namespace rata::store
