#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// What a write that broke off has brought out whole.
struct WholeLines {
  std::size_t octets = 0, count = 0;
};
WholeLines whole_lines(std::string_view written);
/// `Attempt::out` of a batch of so many, `out` of which went out.
std::vector<bool> first_of(std::size_t batch, std::size_t out);

/// Lines into a descriptor that is no regular file: standard output, a pipe, a device. Closes it, but for standard
/// output. `what`: its name in messages.
std::unique_ptr<Channel> make_line_channel(int descriptor, std::string what, summary::Form form);

}  // namespace rata::channel
