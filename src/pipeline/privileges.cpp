#include "pipeline/privileges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

namespace rata::pipeline {
namespace {

constexpr std::chrono::seconds thread_patience{5};

std::atomic<int> threads_answered = 0, threads_failed = 0;

/// Both are properties of a thread, and the C library knows no way to change them in all.
bool lock_this_thread() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::syscall(SYS_capset, &header, none.data()) == 0;
}

void on_signal(int) {
  const int before = errno;
  if (!lock_this_thread()) ++threads_failed;
  ++threads_answered;
  errno = before;
}

std::set<pid_t> other_threads() {
  std::set<pid_t> threads;
  std::error_code fault;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", fault)) {
    const std::string name = entry.path().filename().string();
    pid_t thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    if (thread > 0 && thread != ::gettid()) threads.insert(thread);
  }
  return threads;
}

bool is_alive(pid_t thread) { return ::syscall(SYS_tgkill, ::getpid(), thread, 0) == 0; }

/// False when the thread lives and does not answer.
bool lock_thread(pid_t thread, int signal) {
  const int answered = threads_answered;
  if (::syscall(SYS_tgkill, ::getpid(), thread, signal) != 0) return errno == ESRCH;
  const auto deadline = std::chrono::steady_clock::now() + thread_patience;
  while (threads_answered == answered && is_alive(thread)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// Threads that start meanwhile have the properties of the one that started them.
bool lock_other_threads(int signal) {
  std::set<pid_t> locked;
  for (bool news = true; news;) {
    news = false;
    for (const pid_t thread : other_threads()) {
      if (!locked.insert(thread).second) continue;
      if (!lock_thread(thread, signal)) return false;
      news = true;
    }
  }
  return threads_failed == 0;
}

util::Error not_allowed(const User& user) {
  return {
      fmt::format("user {}: this program may not become that user: {}; started by root it may, and without a user it "
                  "stays what it is",
                  user.name, std::strerror(errno))};
}

/// In the child: a letter for how it went, then the text.
[[noreturn]] void answer(int descriptor, const User& user, const std::function<util::Result<std::string>()>& task) {
  auto said = [&]() -> util::Result<std::string> {
    if (const auto became = become(user); !became) return became.error();
    if (!lock_this_thread()) return util::Error{"capabilities cannot be given up"};
    return task();
  }();
  const std::string text = said ? "+" + *said : "-" + said.error().message;
  const ssize_t count = ::write(descriptor, text.data(), text.size());
  ::_exit(count == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> some{};
  for (ssize_t count = 1; count > 0 || (count < 0 && errno == EINTR);) {
    count = ::read(descriptor, some.data(), some.size());
    if (count > 0) text.append(some.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

util::Result<User> find_user(const std::string& name) {
  std::vector<char> texts(65'536);
  passwd entry{}, *found = nullptr;
  const int fault = ::getpwnam_r(name.c_str(), &entry, texts.data(), texts.size(), &found);
  if (found != nullptr) return User{.name = name, .uid = found->pw_uid, .gid = found->pw_gid};
  return util::Error{fmt::format("user {}: {}; a name out of `getent passwd` is needed, such as nobody", name,
                                 fault == 0 ? "there is none of that name here" : std::strerror(fault))};
}

util::Result<void> hand_over(const User& user, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code fault;
  std::vector<fs::path> paths = {folder};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, fault))
    paths.push_back(entry.path());
  if (fault) return util::Error{fmt::format("{}: cannot be looked into: {}", folder, fault.message())};
  for (const fs::path& path : paths)
    if (::lchown(path.c_str(), user.uid, user.gid) != 0)
      return util::Error{
          fmt::format("{}: cannot be given to user {}: {}", path.string(), user.name, std::strerror(errno))};
  return {};
}

util::Result<void> become(const User& user) {
  if (::geteuid() == user.uid && ::getuid() == user.uid && user.uid != 0) return {};
  // In this order: without root's rights the groups could not be changed any more. The C library does each of these in
  // every thread.
  if (::initgroups(user.name.c_str(), user.gid) != 0 || ::setresgid(user.gid, user.gid, user.gid) != 0 ||
      ::setresuid(user.uid, user.uid, user.uid) != 0)
    return not_allowed(user);
  return {};
}

util::Result<std::string> ask_as(const User& user, const std::function<util::Result<std::string>()>& task) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return util::Error{fmt::format("user {}: no pipe to ask as that user: {}", user.name, std::strerror(errno))};
  const pid_t child = ::fork();
  if (child == 0) answer(ends[1], user, task);
  ::close(ends[1]);
  const std::string text = child > 0 ? read_all(ends[0]) : "";
  ::close(ends[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
  if (text.empty())
    return util::Error{fmt::format("user {}: no process of that user can be asked{}", user.name,
                                   child < 0 ? std::string(": ") + std::strerror(errno) : "")};
  if (text[0] == '+') return text.substr(1);
  return util::Error{text.substr(1)};
}

util::Result<void> drop_capabilities() {
  const int signal = SIGRTMIN + 5;  // nobody else uses it here; the C library keeps the first two for such work
  struct sigaction mine{};
  struct sigaction before{};
  mine.sa_handler = on_signal;
  mine.sa_flags = SA_RESTART;
  ::sigaction(signal, &mine, &before);
  const bool all = lock_this_thread() && lock_other_threads(signal);
  ::sigaction(signal, &before, nullptr);
  if (all) return {};
  return util::Error{"capabilities cannot be given up in all threads; /proc has to be there for that"};
}

}  // namespace rata::pipeline
