#pragma once

#include <memory>
#include <string>

#include "capture/octet_input.h"
#include "capture/source.h"

namespace rata::capture {

/// Reads dnstap from a file in Frame Streams, plain or compressed, or from a pipe (`waits`) whose writer says the same.
/// A writer that asks for a handshake is taken as if it had been answered. Without STOP at the end the writer crashed
/// or is still at it: what is there counts.
util::Result<std::unique_ptr<Source>> open_dnstap_file(const std::string& name, Descriptor descriptor, bool waits,
                                                       const SourceOptions& options);

}  // namespace rata::capture
