#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>

#include "script/mailbox.h"
#include "script/ring.h"
#include "util/result.h"

namespace rata::script {

/// The word by which a program is told to be the process of a script; host/host.h has what it then does.
inline constexpr const char* host_argument = "--script-host";

/// A process of its own for a script, this program run anew. It ends with this object at the latest.
class Child {
 public:
  /// `setup`: the first letter. Errors: the process cannot be made.
  static util::Result<std::unique_ptr<Child>> start(std::size_t ring_octets, const std::string& setup);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  Ring& ring() { return ring_; }
  Mailbox& mailbox() { return mailbox_; }

  /// Ends it at once. Returns how it had ended, if it had by itself: "was ended by SIGSEGV".
  std::string end();
  pid_t pid() const { return pid_; }

 private:
  Child(pid_t pid, Ring ring, int socket);
  bool wait_for_end(std::chrono::milliseconds most, int& status);

  pid_t pid_;
  Ring ring_;
  Mailbox mailbox_;
};

}  // namespace rata::script
