#include "store/schema.h"

#include <fmt/format.h>

#include <array>

namespace rata::store {
namespace {

constexpr std::int64_t application = 0x52615441;  // "RaTA"

// Times are packet time in nanoseconds since 1970.
constexpr const char* tables = R"(
-- What has panes: a reducer of a monitor (kind 0), of a group of servers (1), of all (2).
CREATE TABLE series(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, monitor TEXT NOT NULL,
  reducer TEXT NOT NULL, form TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, finest INTEGER NOT NULL,
  UNIQUE(kind, name, monitor, reducer));
-- One run of a monitor, for each of its reducers.
CREATE TABLE source(id INTEGER PRIMARY KEY, series INTEGER NOT NULL, boot TEXT NOT NULL, UNIQUE(series, boot));
-- The numbers of windows whose data is in panes, and the time from the first one's start to the last one's end.
CREATE TABLE ledger(source INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, begins INTEGER NOT NULL,
  ends INTEGER NOT NULL, PRIMARY KEY(source, first)) WITHOUT ROWID;
-- What was acknowledged and is not all in panes yet: summaries as they came, packed.
CREATE TABLE journal(number INTEGER PRIMARY KEY AUTOINCREMENT, lines BLOB NOT NULL);
-- Part 0 was made from finer panes or from those of servers, part 1 came so.
CREATE TABLE pane(level INTEGER NOT NULL, series INTEGER NOT NULL, start INTEGER NOT NULL, part INTEGER NOT NULL,
  lines BLOB NOT NULL, UNIQUE(level, series, start, part));
-- Panes whose part 0 is to be made anew.
CREATE TABLE dirty(level INTEGER NOT NULL, series INTEGER NOT NULL, start INTEGER NOT NULL,
  PRIMARY KEY(level, series, start)) WITHOUT ROWID;
-- What starts before it is not kept at that level.
CREATE TABLE horizon(level INTEGER PRIMARY KEY, start INTEGER NOT NULL);
)";

constexpr const char* table_of_lost = R"(
-- Journal entries that could not be read, as they were, and why.
CREATE TABLE lost(number INTEGER PRIMARY KEY, why TEXT NOT NULL, lines BLOB NOT NULL);
)";

// Of what was kept before nobody knows.
constexpr const char* end_of_coarse = R"(
-- Single seconds of a series are all there are from there on.
ALTER TABLE series ADD COLUMN coarse INTEGER NOT NULL DEFAULT 0;
UPDATE series SET coarse = last;
)";

/// What brings a file from each version to the next; the first makes it. A change of the tables is a new entry here.
constexpr std::array<const char*, 3> steps = {tables, table_of_lost, end_of_coarse};
constexpr auto newest = static_cast<std::int64_t>(steps.size());

struct Found {
  std::int64_t version = 0;
  bool is_empty = false;
};

util::Result<Found> look(Database& database) {
  const std::int64_t owner = database.number("PRAGMA application_id");
  Found found{.version = database.number("PRAGMA user_version"),
              .is_empty = database.number("SELECT count(*) FROM sqlite_schema") == 0};
  if (auto read = database.outcome(); !read) return read.error();
  if (owner != application && !found.is_empty)
    return util::Error{fmt::format("{}: is a database of another program; name another file", database.path())};
  if (found.version > newest)
    return util::Error{
        fmt::format("{}: was written by a newer version of this program (its tables are of version {}, "
                    "known are those up to {}); install that version or name another file",
                    database.path(), found.version, newest)};
  return found;
}

}  // namespace

util::Result<void> prepare_schema(Database& database) {
  auto found = look(database);
  if (!found) return found.error();
  // Before the first table: it cannot be changed later. Freed pages then go back to the file system bit by bit.
  if (found->is_empty) database.script("PRAGMA auto_vacuum = INCREMENTAL");
  database.each("PRAGMA journal_mode = WAL", [&](const Row& row) {
    if (row.text(0) != "wal") database.fail("its file system cannot share memory between processes; use a local disk");
  });
  database.script("PRAGMA synchronous = FULL");
  constexpr const char* wal_limit = "PRAGMA journal_size_limit = 67108864";
  database.script(wal_limit);
  if (auto set = database.outcome(); !set || found->version == newest) return set;
  database.begin();
  database.script(fmt::format("PRAGMA application_id = {}", application).c_str());
  for (std::int64_t version = found->version; version < newest; ++version)
    database.script(steps[static_cast<std::size_t>(version)]);
  database.script(fmt::format("PRAGMA user_version = {}", newest).c_str());
  return database.commit();
}

util::Result<bool> is_up_to_date(Database& database) {
  const auto found = look(database);
  if (!found) return found.error();
  return found->version == newest;
}

util::Result<void> check_schema(Database& database) {
  const auto is_newest = is_up_to_date(database);
  if (!is_newest) return is_newest.error();
  if (!*is_newest)
    return util::Error{
        fmt::format("{}: was written by an older version of this program; start the aggregator on it "
                    "once, which brings it up to date",
                    database.path())};
  return {};
}

}  // namespace rata::store
