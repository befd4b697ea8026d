#pragma once

#include <memory>

#include "channel/channel.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::channel {

/// One summary a line, appended to a file. A file that was removed or renamed is noticed and begun anew. It is finished
/// under a name of its own (RotatedFiles) before it grows beyond `rotate_mib` and when `rotate_seconds` of `clock` are
/// over. Compressed, each batch is a gzip member or zstd frame of its own, and what an earlier run has left is finished
/// first, since it may end in half of one. Errors: the path is not absolute, the file cannot be written.
util::Result<std::unique_ptr<Channel>> open_file_channel(const Settings& settings,
                                                         const util::Clock& clock = util::Clock::system());

}  // namespace rata::channel
