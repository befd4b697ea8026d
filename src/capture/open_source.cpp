#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "capture/file_source.h"
#include "capture/live.h"
#include "capture/source.h"

namespace rata::capture {
namespace {

/// libpcap's name for all interfaces together.
constexpr const char* all_interfaces = "any";

struct NamesCloser {
  void operator()(struct if_nameindex* names) const { if_freenameindex(names); }
};

std::string interface_names() {
  const std::unique_ptr<struct if_nameindex, NamesCloser> names(::if_nameindex());
  std::string text = all_interfaces;
  for (const auto* entry = names.get(); entry != nullptr && entry->if_index != 0; ++entry)
    text += fmt::format(", {}", entry->if_name);
  return text;
}

util::Result<std::unique_ptr<Source>> open_file(const std::string& path, mode_t mode) {
  if (S_ISDIR(mode)) return open_sources({path});
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.number() < 0)
    return util::Error{fmt::format("{}: cannot be opened for reading: {}", path, std::strerror(errno))};
  return open_capture(path, std::move(descriptor), !S_ISREG(mode));
}

}  // namespace

util::Result<std::unique_ptr<Source>> open_source(const std::string& what, const SourceOptions& options) {
  struct stat info{};
  if (what == "-") {
    const bool regular = ::fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode);
    return open_capture(what, Descriptor(STDIN_FILENO), !regular);
  }
  if (::stat(what.c_str(), &info) == 0) return open_file(what, info.st_mode);
  const int fault = errno;
  if (what == all_interfaces || ::if_nametoindex(what.c_str()) != 0) return open_live(what, options);
  return util::Error{fmt::format("{}: neither a file ({}) nor a network interface; interfaces here: {}", what,
                                 std::strerror(fault), interface_names())};
}

}  // namespace rata::capture
