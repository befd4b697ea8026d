#pragma once

#include <memory>
#include <string>

#include "capture/octet_input.h"
#include "capture/record_buffer.h"
#include "capture/record_reader.h"
#include "capture/source.h"

namespace rata::capture {

/// Reads a capture of any format in `file_formats`, plain or compressed, from a descriptor. A file's header is read at
/// once; a pipe's (`waits`) with the first `read`, since nobody knows when it comes.
/// Errors: not a capture, or its header is cut.
util::Result<std::unique_ptr<Source>> open_capture(const std::string& name, Descriptor descriptor, bool waits,
                                                   std::size_t buffer_octets = RecordBuffer::usual_octets);

/// The same from octets that come in any other way.
util::Result<std::unique_ptr<Source>> open_capture(const std::string& name, std::unique_ptr<OctetInput> input);

/// The same in the one format that `reader` reads; plain or compressed.
util::Result<std::unique_ptr<Source>> open_capture(const std::string& name, Descriptor descriptor, bool waits,
                                                   std::unique_ptr<RecordReader> reader);

}  // namespace rata::capture
