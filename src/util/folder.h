#pragma once

#include <string>

#include "util/result.h"

namespace rata::util {

/// What becomes of a folder that files are to be made in; nothing is made here.
struct FolderTrial {
  bool there = false;  ///< otherwise it can be made
  unsigned long long free_mib = 0;
};

/// Asks with the rights of this process. Errors: which folder may not be written, or is none.
Result<FolderTrial> try_folder(const std::string& path);

}  // namespace rata::util
