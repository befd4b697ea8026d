#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "summary/summary.h"

namespace rata::channel {

/// Summaries that tests can tell apart.
inline summary::Summary numbered(std::uint64_t number) {
  summary::Summary summary;
  summary.type = "qps";
  summary.server = "ns1";
  summary.monitor = "test";
  summary.data = summary::Rate{.name = "qps", .count = number, .seconds = 1};
  summary.window = {.start = util::from_seconds(1'000'000), .seconds = 1};
  summary.id = {.boot = "boot", .sequence = number};
  return summary;
}

inline std::string line_of(std::uint64_t number) { return summary::to_json(numbered(number)); }

/// The lines of `first` up to, not with, `end`.
inline std::vector<std::string> lines_of(std::uint64_t first, std::uint64_t end) {
  std::vector<std::string> lines;
  for (std::uint64_t i = first; i < end; ++i) lines.push_back(line_of(i));
  return lines;
}

/// A folder of the test, gone with it.
class TestFolder {
 public:
  TestFolder() {
    static std::atomic<unsigned> number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("ratadns-channel-" + std::to_string(getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directory(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string spool() const { return path_ / "spool"; }

 private:
  std::filesystem::path path_;
};

/// Waits for something that another thread does; false when it does not come to pass.
template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// What a sender said.
struct Said {
  std::mutex mutex;
  std::vector<std::string> texts;
  auto sink() {
    return [this](const std::string& text) {
      const std::scoped_lock lock(mutex);
      texts.push_back(text);
    };
  }
  std::size_t count(const std::string& part) {
    const std::scoped_lock lock(mutex);
    std::size_t found = 0;
    for (const std::string& text : texts) found += text.find(part) != std::string::npos;
    return found;
  }
};

/// The size that files of this process may have, as if the disk were full there.
class DiskOf {
 public:
  explicit DiskOf(rlim_t octets) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = octets, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~DiskOf() { setrlimit(RLIMIT_FSIZE, &before_); }
  DiskOf(const DiskOf&) = delete;
  DiskOf& operator=(const DiskOf&) = delete;

 private:
  rlimit before_{};
};

}  // namespace rata::channel
