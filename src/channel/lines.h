#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "channel/channel.h"

namespace rata::channel {

/// One summary a line.
std::string lines_of(std::span<const summary::Summary> batch, summary::Form form);

/// How far writing came.
struct Written {
  std::size_t octets = 0;
  int fault = 0;  ///< errno; 0: everything is written
};

/// Writes all of it. Waits where whoever shares the descriptor has made it non-blocking: the reader is slow, not gone.
Written write_all(int descriptor, std::string_view octets);

/// Lines into a descriptor that is no regular file: standard output, a pipe, a device. Closes it, but for standard
/// output. `what`: its name in messages.
std::unique_ptr<Channel> make_line_channel(int descriptor, std::string what, summary::Form form);

}  // namespace rata::channel
