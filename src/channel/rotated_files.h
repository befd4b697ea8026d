#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "util/result.h"
#include "util/time.h"

namespace rata::channel {

/// The finished files beside one that is written: NAME.jsonl becomes NAME-20261121T101500Z.jsonl, and of two in one
/// second the later NAME-20261121T101500Z-1.jsonl.
class RotatedFiles {
 public:
  /// `suffix`: of the compression, ".zst", or nothing. It stands last in every name.
  RotatedFiles(const std::filesystem::path& file, const std::string& suffix);

  /// The one that is written.
  const std::filesystem::path& current() const { return current_; }

  /// Gives the current file the name of a finished one, never that of a file that is there. Errors: it cannot be moved.
  util::Result<void> finish(util::Time now) const;

  /// Removes the oldest finished files beyond `keep`. Errors: one cannot be removed, or the folder not be listed.
  util::Result<void> prune(std::size_t keep) const;

 private:
  std::filesystem::path finished_name(const std::string& time, unsigned number) const;
  std::vector<std::filesystem::path> finished_oldest_first() const;

  std::filesystem::path folder_, current_;
  std::string stem_, ending_;  // "summaries", ".jsonl.zst"
};

}  // namespace rata::channel
