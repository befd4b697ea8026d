#include "traffic/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace rata::traffic {

FileOutput::FileOutput(const std::string& path)
    : descriptor_(path == "-" ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)),
      error_(descriptor_ < 0 ? errno : 0),
      owned_(path != "-") {}

FileOutput::~FileOutput() { close(); }

int FileOutput::write(std::span<const std::uint8_t> octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(descriptor_, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    octets = octets.subspan(static_cast<std::size_t>(count));
  }
  return 0;
}

int FileOutput::close() {
  if (!owned_ || descriptor_ < 0) return 0;
  const int result = ::close(descriptor_);
  descriptor_ = -1;
  return result == 0 ? 0 : errno;
}

}  // namespace rata::traffic
