#include "store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cassert>

namespace rata::store {
namespace {

constexpr int patience_ms = 10'000;  // for a reader that stands in the way of a checkpoint

/// What an operator can do about it.
std::string_view advice(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "make room on the disk; what is not acknowledged is sent again";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return "the file and its folder must be there, and this user may read and write them";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the file is damaged or no database: stop, move it and those beside it that end with -wal and -shm away "
             "(or put a copy in their place), and start again; it is never repaired or removed by itself";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds it; end that one";
    case SQLITE_IOERR:
      return "see the kernel's log on the disk";
    default:
      return "";
  }
}

std::string message(const std::string& path, std::string_view what, int code, std::string_view why) {
  const std::string_view help = advice(code);
  return fmt::format("{}: cannot {}: {}{}{}", path, what, why, help.empty() ? "" : "; ", help);
}

}  // namespace

std::int64_t Row::number(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Row::text(int column) const {
  const auto* const octets = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return octets == nullptr
             ? std::string_view()
             : std::string_view(octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::string_view Row::blob(int column) const {
  const auto* const octets = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return octets == nullptr
             ? std::string_view()
             : std::string_view(octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

util::Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access) {
  const int mode = access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, mode | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(path, handle));
  if (code != SQLITE_OK) return util::Error{message(path, "be opened", code, sqlite3_errstr(code))};
  // SQLite opens a file that may not be written for reading, without a word.
  if (access == Access::write && sqlite3_db_readonly(handle, "main") != 0)
    return util::Error{message(path, "be written", SQLITE_READONLY, "no permission")};
  sqlite3_busy_timeout(handle, patience_ms);
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Database::Running::Running(Database& database, std::string_view sql) : statement(database.prepared(sql)) {}

Database::Running::~Running() {
  if (statement == nullptr) return;
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

sqlite3_stmt* Database::prepared(std::string_view sql) {
  if (!failure_.empty()) return nullptr;
  sqlite3_stmt*& statement = statements_[std::string(sql)];
  if (statement == nullptr)
    check(sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                             nullptr),
          sql);
  assert(statement == nullptr || sqlite3_stmt_busy(statement) == 0);
  return statement;
}

bool Database::step(sqlite3_stmt* statement) {
  if (statement == nullptr || !failure_.empty()) return false;
  const int code = sqlite3_step(statement);
  if (code != SQLITE_DONE && code != SQLITE_ROW) check(code, sqlite3_sql(statement));
  return code == SQLITE_ROW;
}

void Database::script(const char* sql) {
  if (failure_.empty()) check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), sql);
}

std::int64_t Database::last_rowid() const { return sqlite3_last_insert_rowid(handle_); }

void Database::begin() {
  if (sqlite3_db_readonly(handle_, "main") != 0)
    run("BEGIN");
  else
    run("BEGIN IMMEDIATE");
}

util::Result<void> Database::commit() {
  run("COMMIT");
  if (!failure_.empty()) roll_back();
  return outcome();
}

void Database::roll_back() {
  // Some failures have rolled back already.
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

util::Result<void> Database::outcome() {
  if (failure_.empty()) return {};
  return util::Error{std::exchange(failure_, {})};
}

void Database::fail(std::string why) {
  if (failure_.empty()) failure_ = fmt::format("{}: {}", path_, why);
}

void Database::check(int code, std::string_view what) {
  if (code == SQLITE_OK || !failure_.empty()) return;
  const std::string_view verb = what.substr(0, what.find('\n'));
  failure_ = message(path_, fmt::format("run \"{}\"", verb), code, sqlite3_errmsg(handle_));
}

void Database::bind(sqlite3_stmt* statement, int place, std::int64_t value) {
  if (statement != nullptr) check(sqlite3_bind_int64(statement, place, value), "bind a number");
}

// Octets stay where they are until the statement is done: `each` ends before they do.
void Database::bind(sqlite3_stmt* statement, int place, std::string_view value) {
  if (statement != nullptr)
    check(sqlite3_bind_text64(statement, place, value.data() == nullptr ? "" : value.data(), value.size(),
                              SQLITE_STATIC, SQLITE_UTF8),
          "bind a text");
}

void Database::bind(sqlite3_stmt* statement, int place, Blob value) {
  if (statement != nullptr)
    check(sqlite3_bind_blob64(statement, place, value.octets.data() == nullptr ? "" : value.octets.data(),
                              value.octets.size(), SQLITE_STATIC),
          "bind octets");
}

}  // namespace rata::store
