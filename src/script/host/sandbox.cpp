#include "script/host/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "script/host/host.h"
#include "script/host/last_words.h"

namespace rata::script {
namespace {

util::Error fault(const char* what) {
  return {fmt::format("a script cannot be shut in: {}: {}", what, std::strerror(errno))};
}

/// Not even a program with rights of its own could get them; while there still is the right to say so.
void empty_bounding_set() {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    static_cast<void>(::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
}

/// Standard input and output are nobody's any more: they may be sockets of a journal.
bool let_go_of_standard_streams() {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) return false;
  bool all = true;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) all = all && ::dup2(nothing, fd) == fd;
  ::close(nothing);
  return all;
}

/// Nobody, with no groups. In a namespace where nobody does not exist, who we are has no rights outside of it.
void become_nobody() {
  constexpr uid_t nobody = 65'534;
  if (::geteuid() != 0) return;
  static_cast<void>(::setgroups(0, nullptr));
  static_cast<void>(::setresgid(nobody, nobody, nobody));
  static_cast<void>(::setresuid(nobody, nobody, nobody));
}

/// By the kernel's own call: a library for it would be for this alone.
bool drop_all_capabilities() {
  static_cast<void>(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  struct Header {
    std::uint32_t version = 0x20080522;  // _LINUX_CAPABILITY_VERSION_3
    int pid = 0;
  } header;
  std::array<std::uint32_t, 6> none{};
  return ::syscall(SYS_capset, &header, none.data()) == 0;
}

std::size_t mapped_octets() {
  std::size_t pages = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

bool limit(__rlimit_resource_t resource, rlim_t most) {
  const rlimit both{most, most};
  return ::setrlimit(resource, &both) == 0;
}

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

bool allow(const Filter& filter, int call) { return seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) == 0; }

/// Running code, memory, the socket that is there, the bell of the ring, the clock.
bool allow_what_is_needed(const Filter& filter) {
  for (const int call : {SCMP_SYS(munmap),       SCMP_SYS(mremap),          SCMP_SYS(madvise),
                         SCMP_SYS(brk),          SCMP_SYS(mprotect),        SCMP_SYS(futex),
                         SCMP_SYS(poll),         SCMP_SYS(ppoll),           SCMP_SYS(clock_gettime),
                         SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep), SCMP_SYS(restart_syscall),
                         SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),  SCMP_SYS(getpid),
                         SCMP_SYS(gettid),       SCMP_SYS(sched_yield),     SCMP_SYS(getrandom),
                         SCMP_SYS(exit),         SCMP_SYS(exit_group)})
    if (!allow(filter, call)) return false;
  for (const int call : {SCMP_SYS(sendto), SCMP_SYS(recvfrom)})
    if (seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, host_socket_fd)) != 0)
      return false;
  if (seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2,
                       SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid())), SCMP_A2(SCMP_CMP_EQ, SIGUSR1)) != 0)
    return false;
  // Memory of its own, no files: there is no descriptor to map but the ring's, which is mapped already.
  constexpr unsigned flags = 3;
  return seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                          SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) == 0;
}

/// What the library made, as the kernel takes it from prctl: under a filter of a service manager that knows no
/// seccomp(2) the library's own way does not work.
std::vector<sock_filter> program_of(const Filter& filter) {
  std::vector<sock_filter> program;
  const int file = memfd_create("filter", MFD_CLOEXEC);
  if (file < 0) return program;
  const off_t size = seccomp_export_bpf(filter.get(), file) == 0 ? ::lseek(file, 0, SEEK_END) : 0;
  program.resize(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (::pread(file, program.data(), static_cast<std::size_t>(size), 0) != size) program.clear();
  ::close(file);
  return program;
}

bool apply(std::vector<sock_filter>& program) {
  const sock_fprog given{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &given, 0, 0) == 0;
}

/// `program`: lives as long as the process.
void watch(int socket, std::vector<sock_filter>& program) {
  if (!apply(program)) std::_Exit(1);
  for (;;) {
    pollfd wanted{.fd = socket, .events = POLLIN | POLLRDHUP, .revents = 0};
    if (::poll(&wanted, 1, -1) < 0) continue;
    std::array<char, 64> letter;
    if ((wanted.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) std::_Exit(0);
    // After the setup there is but one letter that may come.
    if (::recv(socket, letter.data(), letter.size(), MSG_DONTWAIT) > 0) ask_where_it_hangs();
  }
}

util::Result<void> give_up_rights() {
  ::close_range(host_ring_fd + 1, ~0u, 0);
  if (!let_go_of_standard_streams()) return fault("/dev/null");
  empty_bounding_set();
  become_nobody();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fault("PR_SET_NO_NEW_PRIVS");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fault("PR_SET_DUMPABLE");
  if (!drop_all_capabilities()) return fault("capset");
  return {};
}

}  // namespace

util::Result<void> shut_in(int socket, std::size_t memory_octets) {
  mallopt(M_ARENA_MAX, 1);  // another thread's would take address space that counts
  if (auto given_up = give_up_rights(); !given_up) return given_up;
  const Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS), &seccomp_release);
  if (filter == nullptr || !allow_what_is_needed(filter))
    return util::Error{"a script cannot be shut in: seccomp rules"};
  static std::vector<sock_filter> program;
  program = program_of(filter);
  if (program.empty()) return util::Error{"a script cannot be shut in: the seccomp rules make no filter"};
  try {
    std::thread(watch, socket, std::ref(program)).detach();
  } catch (const std::system_error&) {
    return fault("a thread");
  }
  if (!limit(RLIMIT_AS, mapped_octets() + memory_octets)) return fault("RLIMIT_AS");
  if (!limit(RLIMIT_CORE, 0)) return fault("RLIMIT_CORE");
  if (!limit(RLIMIT_FSIZE, 0)) return fault("RLIMIT_FSIZE");
  if (!apply(program)) return fault("PR_SET_SECCOMP");
  return {};
}

bool may_make_code() {
  constexpr std::size_t octets = 4096;
  void* const memory = mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  const bool may = mprotect(memory, octets, PROT_READ | PROT_EXEC) == 0;
  munmap(memory, octets);
  return may;
}

}  // namespace rata::script
