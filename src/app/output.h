#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace rata::app {

/// Writes to standard output. Once that has failed nothing more is tried. Thread: one at a time.
void put(std::string_view text);

template <typename... Args>
void print(fmt::format_string<Args...> form, Args&&... args) {
  put(fmt::format(form, std::forward<Args>(args)...));
}

/// All that was put has gone out. False when it could not: which is said, with the reason, the first time that
/// `complain_of_output` is called.
bool output_done();
void complain_of_output();

}  // namespace rata::app
