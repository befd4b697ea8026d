#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"
#include "util/result.h"

namespace rata::store {

/// What was acknowledged and is not all in panes yet: packed lines, an entry for each batch that came so and one for
/// all other lines of a commit. An entry goes with the transaction that writes the last of its summaries into a pane.
class Journal {
 public:
  /// Lines of one entry, so that entry and place make one number.
  static constexpr std::uint64_t most_lines = 1 << 20;
  static constexpr std::int64_t most_entries = std::int64_t{1} << 42;
  static constexpr std::uint64_t number(std::int64_t entry, std::uint64_t place) {
    return static_cast<std::uint64_t>(entry) * most_lines + place;
  }

  /// Octets of one entry: half of what `unpacked` gives back.
  static constexpr std::size_t most_octets = std::size_t{512} << 20;

  /// Appends up to `most_octets` in the transaction that runs. Returns its number.
  static std::int64_t append(Database& database, std::string_view lines);
  /// The same, of lines that are packed already (packing.h).
  static std::int64_t append_packed(Database& database, std::string_view frame);

  using Use = std::function<void(std::int64_t entry, std::uint64_t place, std::string_view line)>;
  using Unreadable = std::function<void(const std::string& why)>;
  /// Goes through the first entry that is not read; of one that is damaged, and cannot be used, says so. Returns its
  /// number; nothing: there is none. It comes again until `read`. Errors: the file.
  util::Result<std::optional<std::int64_t>> replay(Database& database, const Use& use,
                                                   const Unreadable& unreadable) const;
  /// What an entry from before the start has is in `waits`.
  void read(std::int64_t entry) {
    waits(entry, 0);
    unread_from_ = entry + 1;
  }
  void all_read() { unread_from_ = most_entries; }
  bool is_read() const { return unread_from_ == most_entries; }
  /// Puts a copy of an entry aside, in the transaction that runs, for whoever wants to see what is wrong with it.
  static void keep_aside(Database& database, std::int64_t entry, std::string_view why);

  /// So many summaries of an entry wait to be written; with none it goes next time.
  void waits(std::int64_t entry, std::uint64_t summaries) { waiting_[entry] += summaries; }
  /// How many of each entry are written in the transaction that runs: removes those of which none is left.
  void remove_done(Database& database, const std::map<std::int64_t, std::uint64_t>& written) const;
  /// That transaction is in the file.
  void removed(const std::map<std::int64_t, std::uint64_t>& written);
  /// The first entry that may stay when these are written: one that is not read yet may. `most_entries` without one.
  std::int64_t lowest_after(const std::map<std::int64_t, std::uint64_t>& written) const;

  std::int64_t lowest() const { return lowest_after({}); }

  std::size_t entries() const { return waiting_.size(); }

 private:
  std::map<std::int64_t, std::uint64_t> waiting_;  // by entry
  std::int64_t unread_from_ = 0;                   // this and what follows, of before the start
};

}  // namespace rata::store
