#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "util/result.h"

namespace rata::store {

/// For what is read once or never, and for what is kept.
enum class Effort { little, more };

/// One zstd frame with a checksum.
std::string packed(std::string_view octets, Effort effort);
/// One such frame, of so many octets; only looked at from outside.
bool is_packed(std::string_view frame, std::uint64_t octets);
/// Errors: it is no such frame, or damaged.
util::Result<std::string> unpacked(std::string_view frame);

}  // namespace rata::store
