#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

struct lua_State;

namespace rata::script {

class Mailbox;

/// From now on a process that runs out of memory, or whose C stack does, says so before it ends; below code that LuaJIT
/// made nothing can be caught. `mailbox`: lives as long as the process.
void expect_the_end(Mailbox& mailbox);

/// The same for the memory that Lua asks for. A script can catch its own errors, but not go on without memory: LuaJIT
/// of Debian 12 does not stand that in code that it compiled.
void expect_the_end_of_memory(lua_State* lua);
/// A process that is asked where it hangs (LetterKind::where) says it and ends. `lua`: lives as long as the process.
void expect_to_be_asked(lua_State* lua);
/// There is machine code at that address, made of that place in the script.
void expect_hangs_in_code(std::uintptr_t address, std::size_t octets, std::string_view place);
/// What the thread beside does that hears of it. Safe beside everything.
void ask_where_it_hangs();

/// Before it is closed.
void forget_the_end_of_memory(lua_State* lua);

/// Never returns.
[[noreturn]] void end_out_of_memory();

}  // namespace rata::script
