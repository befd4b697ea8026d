#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>

#include "util/result.h"

namespace rata::channel {

/// Which records of a spool are done, in memory and in its file `acked`: entries of first number (8 octets), last
/// number (8), hash (8), appended as they come. A crash loses the last ones at most, whose records are sent once more.
/// Thread: one.
class SpoolAcks {
 public:
  /// Reads what is there; entries that are damaged or half written are passed over.
  explicit SpoolAcks(const std::filesystem::path& folder);
  ~SpoolAcks();
  SpoolAcks(const SpoolAcks&) = delete;
  SpoolAcks& operator=(const SpoolAcks&) = delete;

  bool is_done(std::uint64_t number) const;
  /// 0: none.
  std::uint64_t highest() const { return ranges_.empty() ? 0 : ranges_.rbegin()->second; }

  /// Ascending. Known at once. Errors: the file cannot be written; then all of it is tried anew with the next ones.
  util::Result<void> add(std::span<const std::uint64_t> numbers);

  /// There are no records below this any more. The highest stays known, so that no number is given twice.
  void forget_below(std::uint64_t number);

  /// The folder may be another one by now: the next entries go into a file that has all of them.
  void start_anew();

 private:
  void merge(std::uint64_t first, std::uint64_t last);
  void load();
  util::Result<void> append(const std::string& entries);
  util::Result<void> rewrite();

  std::filesystem::path file_;
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first, last; apart from each other
  std::size_t entries_ = 0;                        // in the file
  int descriptor_ = -1;
};

}  // namespace rata::channel
