#pragma once

#include <pthread.h>

namespace rata::util {

/// What `top -H` and `ps -L` call this thread: up to 15 characters.
inline void name_thread(const char* name) { static_cast<void>(pthread_setname_np(pthread_self(), name)); }

}  // namespace rata::util
