#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "capture/dnstap_file.h"
#include "capture/dnstap_socket.h"
#include "capture/file_source.h"
#include "capture/interface_probe.h"
#include "capture/live.h"
#include "capture/source.h"
#include "capture/speedy_file.h"

namespace rata::capture {
namespace {

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

/// Waiting for the writer of a FIFO is left to `read`, which can be stopped. Until one has come, poll(2) says nothing
/// of the end that read(2) would tell.
util::Result<Descriptor> open_path(const std::string& name, const std::string& path, mode_t mode) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | (S_ISFIFO(mode) ? O_NONBLOCK : 0)));
  if (descriptor.number() < 0)
    return util::Error{fmt::format("{}: cannot be opened for reading: {}", name, std::strerror(errno))};
  return descriptor;
}

util::Result<std::unique_ptr<Source>> open_file(const std::string& path, mode_t mode, const SourceOptions& options) {
  if (S_ISDIR(mode)) return open_sources({path}, options);
  auto descriptor = open_path(path, path, mode);
  if (!descriptor) return descriptor.error();
  return open_capture(path, std::move(*descriptor), !S_ISREG(mode), options.buffer_octets);
}

bool input_waits() {
  struct stat info{};
  return ::fstat(STDIN_FILENO, &info) != 0 || !S_ISREG(info.st_mode);
}

/// `where`: what stands behind "dnstap:".
util::Result<std::unique_ptr<Source>> open_dnstap(const std::string& name, const std::string& where,
                                                  const SourceOptions& options) {
  if (where == "-") return open_dnstap_file(name, Descriptor(STDIN_FILENO), input_waits(), options);
  if (where.starts_with("tcp:")) return listen_dnstap_tcp(name, where.substr(4), false, options);
  if (where.starts_with("tcp-open:")) return listen_dnstap_tcp(name, where.substr(9), true, options);
  struct stat info{};
  if (::stat(where.c_str(), &info) != 0 || (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode)))
    return listen_dnstap_unix(name, where, options);
  auto descriptor = open_path(name, where, info.st_mode);
  if (!descriptor) return descriptor.error();
  return open_dnstap_file(name, std::move(*descriptor), !S_ISREG(info.st_mode), options);
}

/// `where`: what stands behind "speedy:".
util::Result<std::unique_ptr<Source>> open_speedy(const std::string& name, const std::string& where,
                                                  const SourceOptions& options) {
  if (where == "-") return open_speedy_file(name, Descriptor(STDIN_FILENO), input_waits(), options);
  struct stat info{};
  if (::stat(where.c_str(), &info) != 0)
    return util::Error{fmt::format("{}: {}; a file or - is accepted", name, std::strerror(errno))};
  if (S_ISDIR(info.st_mode)) return util::Error{fmt::format("{}: is a folder; a file or - is accepted", name)};
  auto descriptor = open_path(name, where, info.st_mode);
  if (!descriptor) return descriptor.error();
  return open_speedy_file(name, std::move(*descriptor), !S_ISREG(info.st_mode), options);
}

util::Result<std::unique_ptr<Source>> open_interfaces(const std::vector<std::string>& names,
                                                      const SourceOptions& options) {
  auto sources = open_live(names, options, 1, 1);
  if (!sources) return sources.error();
  return std::move(sources->front());
}

}  // namespace

util::Result<std::unique_ptr<Source>> open_source(const std::string& what, const SourceOptions& options) {
  if (what == "-") return open_capture(what, Descriptor(STDIN_FILENO), input_waits());
  if (what.starts_with("dnstap:")) return open_dnstap(what, what.substr(7), options);
  if (what.starts_with("speedy:")) return open_speedy(what, what.substr(7), options);
  struct stat info{};
  if (::stat(what.c_str(), &info) == 0) return open_file(what, info.st_mode, options);
  const int fault = errno;
  if (are_interfaces({what})) return open_interfaces({what}, options);
  return util::Error{fmt::format("{}: neither a file ({}) nor a network interface; interfaces here: {}", what,
                                 std::strerror(fault), interface_names())};
}

}  // namespace rata::capture
