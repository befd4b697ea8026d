#include "script/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include "script/host/host.h"

namespace rata::script {
namespace {

/// What a result may take on its way: rows of one window, of a reducer that has the memory for them.
constexpr std::size_t most_letter_octets = std::size_t{64} << 20;

/// Descriptors above those that the child gets under numbers of its own: dup2 onto itself would leave close-on-exec.
int high_copy(int fd) {
  constexpr int above = 16;
  return fcntl(fd, F_DUPFD_CLOEXEC, above);
}

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void give(int fd, int as) { posix_spawn_file_actions_adddup2(&actions_, fd, as); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

/// With no environment, and with the signals of a fresh process.
util::Result<pid_t> spawn(int socket, int ring) {
  SpawnActions actions;
  actions.give(socket, host_socket_fd);
  actions.give(ring, host_ring_fd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // Ctrl-C of a terminal is for the monitor, which ends its scripts when their last window is there.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::array<char*, 3> arguments = {const_cast<char*>("ratadns"), const_cast<char*>(host_argument), nullptr};
  std::array<char*, 1> environment = {nullptr};
  pid_t pid = 0;
  const int fault =
      posix_spawn(&pid, "/proc/self/exe", actions.get(), &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  if (fault != 0)
    return util::Error{fmt::format("a process for a script cannot be made (/proc/self/exe): {}", std::strerror(fault))};
  return pid;
}

}  // namespace

util::Result<std::unique_ptr<Child>> Child::start(std::size_t ring_octets, const std::string& setup) {
  auto ring = Ring::create(ring_octets);
  if (!ring) return ring.error();
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return util::Error{fmt::format("a process for a script cannot be made: socketpair: {}", std::strerror(errno))};
  const int theirs = high_copy(ends[1]), its_ring = high_copy(ring->fd());
  ::close(ends[1]);
  const auto pid = theirs < 0 || its_ring < 0
                       ? util::Error{"a process for a script cannot be made: no descriptors are left"}
                       : spawn(theirs, its_ring);
  for (const int fd : {theirs, its_ring})
    if (fd >= 0) ::close(fd);
  if (!pid) return ::close(ends[0]), pid.error();
  ring->close_fd();
  std::unique_ptr<Child> child(new Child(*pid, std::move(*ring), ends[0]));
  child->mailbox_.send(LetterKind::setup, setup);  // one that has gone already shows when it is asked for something
  return child;
}

Child::Child(pid_t pid, Ring ring, int socket)
    : pid_(pid), ring_(std::move(ring)), mailbox_(socket, most_letter_octets) {}

Child::~Child() { static_cast<void>(end()); }

/// Waits for it to end, at most so long. False: it has not.
bool Child::wait_for_end(std::chrono::milliseconds most, int& status) {
  for (const auto until = std::chrono::steady_clock::now() + most;;) {
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno == ECHILD)) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::string Child::end() {
  constexpr std::chrono::milliseconds at_once{0}, a_moment{100}, patience{5000};
  if (pid_ == 0) return "";
  int status = 0;
  // Whether it had ended is asked first: a kill would show as its reason. Its end of the socket goes a moment before.
  const bool by_itself = wait_for_end(mailbox_.is_closed() ? a_moment : at_once, status);
  if (!by_itself) {
    // Who became another user since may not; then the thread beside the script ends it, which hears of it here.
    if (::kill(pid_, SIGKILL) != 0) ::shutdown(mailbox_.fd(), SHUT_RDWR);
    wait_for_end(patience, status);
  }
  pid_ = 0;
  if (!by_itself) return "";
  if (!WIFSIGNALED(status)) return fmt::format("ended with status {}", WEXITSTATUS(status));
  const char* const name = sigabbrev_np(WTERMSIG(status));  // those of real time have none
  return name != nullptr ? fmt::format("was ended by SIG{}", name)
                         : fmt::format("was ended by signal {}", WTERMSIG(status));
}

}  // namespace rata::script
