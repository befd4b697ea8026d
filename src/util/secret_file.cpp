#include "util/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rata::util {
namespace {

constexpr std::size_t most_octets = 65'536;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

Error failed(const std::string& path) { return {fmt::format("{}: cannot be read: {}", path, std::strerror(errno))}; }

}  // namespace

Result<std::string> read_secret(const std::string& path, unsigned readers) {
  // A pipe without a writer would be waited for.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (file.number() < 0 || fstat(file.number(), &status) != 0) return failed(path);
  if (!S_ISREG(status.st_mode)) return Error{fmt::format("{}: is no file", path)};
  if ((status.st_mode & 0077 & ~readers) != 0)
    return Error{fmt::format("{}: holds a secret, and others may read or write it (mode {:04o}); chmod {:04o} {}", path,
                             status.st_mode & 07777, 0600 | readers, path)};
  std::string content(most_octets + 1, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < content.size(); size += static_cast<std::size_t>(got))
    if ((got = read(file.number(), content.data() + size, content.size() - size)) < 0) return failed(path);
  if (size > most_octets) return Error{fmt::format("{}: has over {} octets, too many for a secret", path, most_octets)};
  content.resize(size);
  if (content.empty()) return Error{fmt::format("{}: is empty", path)};
  return content;
}

std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace rata::util
