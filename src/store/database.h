#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "util/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rata::store {

/// A row while it is looked at. Lifetime of texts and blobs: until the next row.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t number(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  sqlite3_stmt* statement_;
};

/// Octets as a value, where a std::string_view would be a text.
struct Blob {
  std::string_view octets;
};

/// An SQLite file. It remembers its first failure: after it nothing is done, reads find nothing, until `commit` or
/// `outcome` has told it. So what belongs together reads straight through and asks once.
/// Thread: one at a time.
class Database {
 public:
  enum class Access { write, read_only };

  /// Errors: cannot be opened, or not as asked.
  static util::Result<std::unique_ptr<Database>> open(const std::string& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  template <typename... Values>
  void run(std::string_view sql, const Values&... values) {
    each(sql, [](const Row&) {}, values...);
  }
  /// `use(const Row&)` for each row. It must not run the same statement.
  template <typename Use, typename... Values>
  void each(std::string_view sql, Use&& use, const Values&... values) {
    const Running running(*this, sql);
    int place = 0;
    (bind(running.statement, ++place, values), ...);
    while (step(running.statement)) use(Row(running.statement));
  }
  /// The first column of the first row, 0 without one.
  template <typename... Values>
  std::int64_t number(std::string_view sql, const Values&... values) {
    std::int64_t found = 0;
    each(sql, [&](const Row& row) { found = row.number(0); }, values...);
    return found;
  }
  /// Several statements without values.
  void script(const char* sql);
  std::int64_t last_rowid() const;

  /// For writing, or with Access::read_only for looking at one state of the file.
  void begin();
  /// Errors: the first failure since `begin`; then nothing of it was done.
  util::Result<void> commit();
  void roll_back();
  /// The first failure since the last call of this or `commit`.
  util::Result<void> outcome();
  /// Makes what is wrong with the content a failure as well.
  void fail(std::string why);

  const std::string& path() const { return path_; }

 private:
  /// A statement that is reset when it is done with.
  struct Running {
    Running(Database& database, std::string_view sql);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    sqlite3_stmt* statement;
  };

  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  sqlite3_stmt* prepared(std::string_view sql);
  bool step(sqlite3_stmt* statement);
  void check(int code, std::string_view what);
  void bind(sqlite3_stmt* statement, int place, std::int64_t value);
  void bind(sqlite3_stmt* statement, int place, std::string_view value);
  void bind(sqlite3_stmt* statement, int place, Blob value);

  std::string path_;
  sqlite3* handle_;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
  std::string failure_;  // "": none
};

}  // namespace rata::store
