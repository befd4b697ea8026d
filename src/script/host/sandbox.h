#pragma once

#include <cstddef>
#include <string>

#include "util/result.h"

namespace rata::script {

/// Before anything of a script is read: no other descriptors, no way to more rights, no files, no processes, so much
/// memory beyond what is mapped now; system calls other than the few that running code, memory and the socket need end
/// the process. So does the other end of the socket when it goes, whatever the script is at.
/// Errors: one of these cannot be had; then nothing may be run.
util::Result<void> shut_in(int socket, std::size_t memory_octets);

/// Code may be made at run time. Without that LuaJIT only interprets; trying would end the process.
bool may_make_code();

}  // namespace rata::script
