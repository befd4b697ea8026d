#include "script/host/last_words.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <lua.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "script/host/lua_file.h"
#include "script/mailbox.h"

namespace rata::script {
namespace {

Mailbox* mailbox_of_process = nullptr;
constexpr std::string_view out_of_memory = "not enough memory: it has all that it may have (memory_mib)";
volatile std::sig_atomic_t is_ending = 0;
lua_State* lua_of_process = nullptr;
lua_Alloc own_alloc = nullptr;  // Lua's
pid_t main_thread = 0;

/// Machine code, by address; the latest of what was put over older code counts.
struct Code {
  std::uintptr_t begin = 0, end = 0;
  std::array<char, 96> place{};
};
std::array<Code, 4096> codes;
std::size_t codes_noted = 0;

/// Without memory, and safe in a handler of signals.
void say(std::string_view what) {
  std::array<char, 256> letter;
  const auto size = static_cast<std::uint32_t>(what.size());
  std::memcpy(letter.data(), &size, sizeof size);
  letter[sizeof size] = static_cast<char>(LetterKind::fault);
  std::memcpy(letter.data() + sizeof size + 1, what.data(), what.size());
  static_cast<void>(::send(mailbox_of_process->fd(), letter.data(), sizeof size + 1 + what.size(), MSG_NOSIGNAL));
}

/// An exception below code that LuaJIT made: nearly always a table that found no memory.
void end_by_exception() {
  try {
    if (const auto fault = std::current_exception()) std::rethrow_exception(fault);
  } catch (const std::bad_alloc&) {
    end_out_of_memory();
  } catch (...) {
    say("the program's own fault: an exception that nobody caught");
  }
  std::_Exit(1);
}

std::uintptr_t stack_pointer(const void* context) {
  const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return machine.sp;
#else
  return 0;
#endif
}

std::uintptr_t instruction_pointer(const void* context) {
  const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return machine.pc;
#else
  return 0;
#endif
}

/// Appends where Lua is: file and line of the innermost function that is a script's. Without memory.
void append_place(std::array<char, 200>& text) {
  lua_Debug frame;
  for (int level = 0; lua_of_process != nullptr && level < 16 && lua_getstack(lua_of_process, level, &frame) != 0;
       ++level) {
    if (lua_getinfo(lua_of_process, "Sl", &frame) == 0 || frame.currentline <= 0) continue;
    if (std::string_view(frame.short_src).starts_with(prelude_prefix)) continue;
    const std::size_t size = std::strlen(text.data());
    std::snprintf(text.data() + size, text.size() - size, ", at %s:%d", frame.short_src, frame.currentline);
    return;
  }
}

const char* place_of_code(std::uintptr_t address) {
  for (std::size_t i = codes_noted; i-- > 0 && codes_noted - i <= codes.size();) {
    const Code& code = codes[i % codes.size()];
    if (address >= code.begin && address < code.end) return code.place.data();
  }
  return nullptr;
}

/// Again and again, should the script catch it.
void end_hanging(lua_State* lua, lua_Debug*) {
  lua_pushliteral(lua, "it hung");
  lua_error(lua);
}

/// Code that LuaJIT made asks nobody whether it may go on; what is interpreted does. Who is asked twice is in a
/// function of the library, and the call of that is where Lua is.
void tell_where(int, siginfo_t*, void* context) {
  static bool was_asked = false;
  if (const char* const place = place_of_code(instruction_pointer(context))) {
    std::array<char, 200> text;
    std::snprintf(text.data(), text.size(), "%s: it hung in the code that was compiled of this", place);
    say(text.data());
    std::_Exit(1);
  }
  if (std::exchange(was_asked, true)) {
    std::array<char, 200> text{"it hung in a function of the library"};
    append_place(text);
    say(text.data());
    std::_Exit(1);
  }
  lua_sethook(lua_of_process, end_hanging, LUA_MASKCOUNT | LUA_MASKLINE, 1);
}

void* alloc_or_end(void* what, void* block, std::size_t old_size, std::size_t size) {
  void* const made = own_alloc(what, block, old_size, size);
  if (made == nullptr && size > 0) end_out_of_memory();
  return made;
}

/// Functions of Lua's library that call back take the C stack, and nobody counts how deep.
void tell_crash(int, siginfo_t* info, void* context) {
  constexpr std::uintptr_t near = 1u << 20;
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr), stack = stack_pointer(context);
  if (is_ending) {
    say(out_of_memory);  // nobody knows in what state Lua was
    std::_Exit(1);
  }
  if (at - stack + near >= 2 * near) return;  // another crash: it happens again, and that ends the process
  say("stack overflow: functions of the library that call back, or coroutines, call each other without end");
  std::_Exit(1);
}

}  // namespace

void end_out_of_memory() {
  is_ending = 1;
  std::array<char, 200> text{};
  std::memcpy(text.data(), out_of_memory.data(), out_of_memory.size());
  append_place(text);
  say(text.data());
  std::_Exit(1);
}

void expect_to_be_asked(lua_State* lua) {
  lua_of_process = lua;
  main_thread = static_cast<pid_t>(::syscall(SYS_gettid));
  struct sigaction action{};
  action.sa_sigaction = tell_where;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  ::sigaction(SIGUSR1, &action, nullptr);
}

void expect_hangs_in_code(std::uintptr_t address, std::size_t octets, std::string_view place) {
  Code& code = codes[codes_noted % codes.size()];
  code.begin = address;
  code.end = address + octets;
  const std::size_t size = std::min(place.size(), code.place.size() - 1);
  std::memcpy(code.place.data(), place.data(), size);
  code.place[size] = 0;
  ++codes_noted;
}

void ask_where_it_hangs() { ::syscall(SYS_tgkill, ::getpid(), main_thread, SIGUSR1); }

void expect_the_end(Mailbox& mailbox) {
  mailbox_of_process = &mailbox;
  std::set_new_handler(end_out_of_memory);
  std::set_terminate(end_by_exception);
  static std::array<char, 65'536> room;
  const stack_t stack{.ss_sp = room.data(), .ss_flags = 0, .ss_size = room.size()};
  ::sigaltstack(&stack, nullptr);
  struct sigaction action{};
  action.sa_sigaction = tell_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGSEGV, &action, nullptr);
}

void expect_the_end_of_memory(lua_State* lua) {
  void* what = nullptr;
  own_alloc = lua_getallocf(lua, &what);
  lua_setallocf(lua, alloc_or_end, what);
}

void forget_the_end_of_memory(lua_State* lua) {
  void* what = nullptr;
  static_cast<void>(lua_getallocf(lua, &what));
  lua_setallocf(lua, own_alloc, what);
}

}  // namespace rata::script
