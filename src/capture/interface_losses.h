#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rata::capture {

/// What interfaces lost before the kernel had it: no buffer of the card was free. Thread: one.
class InterfaceLosses {
 public:
  explicit InterfaceLosses(const std::vector<std::string>& interfaces);

  /// Packets since the last question, of all these interfaces. An interface that was made anew counts from zero.
  std::uint64_t more();

 private:
  struct Interface {
    std::string name;
    std::uint64_t missed = 0;
  };
  std::vector<Interface> interfaces_;
};

}  // namespace rata::capture
