#include "store/journal.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/packing.h"

namespace rata::store {
namespace {

std::uint64_t written_of(const std::map<std::int64_t, std::uint64_t>& written, std::int64_t entry) {
  const auto found = written.find(entry);
  return found == written.end() ? 0 : found->second;
}

}  // namespace

std::int64_t Journal::append(Database& database, std::string_view lines) {
  if (lines.size() > most_octets)
    database.fail(fmt::format("{} octets in one journal entry; up to {} are possible", lines.size(), most_octets));
  return append_packed(database, packed(lines, Effort::little));
}

std::int64_t Journal::append_packed(Database& database, std::string_view frame) {
  database.run("INSERT INTO journal(lines) VALUES (?)", Blob{frame});
  return database.last_rowid();
}

util::Result<std::optional<std::int64_t>> Journal::replay(Database& database, const Use& use,
                                                          const Unreadable& unreadable) const {
  std::optional<std::int64_t> found;
  database.each(
      "SELECT number, lines FROM journal WHERE number >= ? ORDER BY number LIMIT 1",
      [&](const Row& row) {
        found = row.number(0);
        const auto lines = unpacked(row.blob(1));
        if (!lines) return unreadable(lines.error().message);
        std::uint64_t place = 0;
        for (std::string_view left = *lines; !left.empty(); ++place) {
          const std::size_t end = std::min(left.find('\n'), left.size());
          use(*found, place, left.substr(0, end));
          left.remove_prefix(std::min(end + 1, left.size()));
        }
      },
      unread_from_);
  if (auto read = database.outcome(); !read) return read.error();
  return found;
}

void Journal::keep_aside(Database& database, std::int64_t entry, std::string_view why) {
  database.run("INSERT OR IGNORE INTO lost(number, why, lines) SELECT number, ?, lines FROM journal WHERE number = ?",
               why, entry);
}

void Journal::remove_done(Database& database, const std::map<std::int64_t, std::uint64_t>& written) const {
  for (const auto& [entry, waiting] : waiting_)
    if (waiting == written_of(written, entry)) database.run("DELETE FROM journal WHERE number = ?", entry);
}

void Journal::removed(const std::map<std::int64_t, std::uint64_t>& written) {
  for (const auto& [entry, summaries] : written) waiting_[entry] -= summaries;
  std::erase_if(waiting_, [](const auto& entry) { return entry.second == 0; });
}

std::int64_t Journal::lowest_after(const std::map<std::int64_t, std::uint64_t>& written) const {
  for (const auto& [entry, waiting] : waiting_)
    if (waiting != written_of(written, entry)) return std::min(entry, unread_from_);
  return unread_from_;
}

}  // namespace rata::store
