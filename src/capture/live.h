#pragma once

#include <memory>
#include <string>

#include "capture/source.h"

namespace rata::capture {

/// Listens on a network interface through libpcap.
/// Errors: not permitted (with the line that helps), no such interface, a filter that cannot be understood.
util::Result<std::unique_ptr<Source>> open_live(const std::string& interface, const SourceOptions& options);

}  // namespace rata::capture
