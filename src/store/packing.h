#pragma once

#include <string>
#include <string_view>

#include "util/result.h"

namespace rata::store {

/// For what is read once or never, and for what is kept.
enum class Effort { little, more };

/// One zstd frame with a checksum.
std::string packed(std::string_view octets, Effort effort);
/// Errors: it is no such frame, or damaged.
util::Result<std::string> unpacked(std::string_view frame);

}  // namespace rata::store
