#pragma once

#include <memory>
#include <string>

#include "capture/octet_input.h"
#include "capture/source.h"

namespace rata::capture {

/// A record's number above this is refused before anything is allocated for it.
inline constexpr std::size_t max_speedy_octets = 1024 * 1024;

/// Reads Speedy JSON from a file, plain or compressed, or from a pipe (`waits`): records that are each the length of a
/// JSON object in decimal digits and the object. White space may stand between them. A record that breaks this ends the
/// input; one that does not, but tells of no DNS message, is refused, and reading goes on.
std::unique_ptr<Source> open_speedy_file(const std::string& name, Descriptor descriptor, bool waits,
                                         const SourceOptions& options);

}  // namespace rata::capture
