#pragma once

#include <string>

#include "util/result.h"

namespace rata::util {

/// For `readers` below: as keys of Debian's group ssl-cert are.
constexpr unsigned readable_by_group = 0040;

/// The content of a file that holds a secret, as it stands there. At most 64 KiB.
/// `readers`: who may read it beside its owner, as bits of a mode (0: nobody, 0040: its group).
/// Errors: it cannot be read, is empty, or others may read it; the message never holds any of it.
Result<std::string> read_secret(const std::string& path, unsigned readers = 0);

/// Without the line's end that an editor puts behind a password.
std::string without_line_end(std::string text);

}  // namespace rata::util
