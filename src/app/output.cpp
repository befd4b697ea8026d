#include "app/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "app/options.h"

namespace rata::app {
namespace {

// The stream remembers that something failed, not what: that is taken down when it does.
int reason = 0;
bool told = false;

void note_failure() {
  if (reason == 0) reason = errno != 0 ? errno : EIO;
}

}  // namespace

void put(std::string_view text) {
  if (reason != 0) return;
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) note_failure();
}

bool output_done() {
  if (reason != 0) return false;
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) note_failure();
  return reason == 0;
}

void complain_of_output() {
  if (reason != 0 && !std::exchange(told, true))
    complain(fmt::format("standard output: cannot be written: {}", std::strerror(reason)));
}

}  // namespace rata::app
