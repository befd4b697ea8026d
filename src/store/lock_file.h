#pragma once

#include <string>

#include "util/result.h"

namespace rata::store {

/// Held for as long as it lives: another process that wants it is refused. The kernel gives it up with the process.
class LockFile {
 public:
  /// Makes the file where it is not there, and its name durable. Errors: another has it, or it cannot be made.
  static util::Result<LockFile> take(const std::string& path);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

/// Makes an empty file that others may not read, where there is none: clients' addresses will be in it, and SQLite
/// would let everybody read them. Errors: it cannot be made.
util::Result<void> make_private_file(const std::string& path);

/// Makes names in the folder of `path` survive a loss of power. Errors: the folder cannot be synchronised.
util::Result<void> sync_folder_of(const std::string& path);

}  // namespace rata::store
