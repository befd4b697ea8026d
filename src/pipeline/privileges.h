#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "util/result.h"

namespace rata::pipeline {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// Errors: there is nobody of that name.
util::Result<User> find_user(const std::string& name);

/// Makes a folder, and what lies in it, that user's own. Errors: something in it cannot be.
util::Result<void> hand_over(const User& user, const std::string& folder);

/// Becomes that user, in all threads: its groups and no others, and nothing that could be got back.
/// Errors: we may not.
util::Result<void> become(const User& user);

/// Gives up all capabilities (capabilities(7)) in all threads, and the way to get some by running other programs.
/// Errors: a thread could not be reached.
util::Result<void> drop_capabilities();

/// What `task` says in a process of its own that has become that user for good and has no capabilities. It may be as
/// long as a pipe is wide, 64 KiB. Errors: those of `task`; that process cannot be, as `become` says.
/// Thread: any; the task has no other threads.
util::Result<std::string> ask_as(const User& user, const std::function<util::Result<std::string>()>& task);

}  // namespace rata::pipeline
