#pragma once

#include <memory>
#include <string>

#include "capture/octet_input.h"
#include "capture/source.h"

namespace rata::capture {

/// Reads a pcap file, plain or gzip, from a descriptor. A file's header is read at once; a pipe's (`waits`) with the
/// first `read`, since nobody knows when it comes.
/// Errors: not a capture, or its header is cut.
util::Result<std::unique_ptr<Source>> open_pcap(const std::string& name, Descriptor descriptor, bool waits);

}  // namespace rata::capture
