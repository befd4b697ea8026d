#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "util/address.h"
#include "util/result.h"

namespace rata::reduce {

/// What a MaxMind DB file says of addresses: their country (`country.iso_code` or `country_code`) or the network that
/// they are routed to
/// (`autonomous_system_number`). Thread: any.
class Geography {
 public:
  enum class What : std::uint8_t { country, network };

  /// The file is mapped, not read: it must not be written over while the program runs (a new one is put in its place by
  /// a rename). Errors: it cannot be opened, is no such file or damaged, or does not hold `what`.
  static util::Result<std::shared_ptr<const Geography>> open(const std::string& path, What what);
  ~Geography();
  Geography(const Geography&) = delete;
  Geography& operator=(const Geography&) = delete;

  static constexpr std::uint32_t unknown = 0;

  /// Two letters, the first in the upper octet, or the number of an autonomous system. `unknown`: the file does not
  /// say, or the record is broken. A table a thread remembers the last addresses.
  std::uint32_t code(const util::Address& address) const noexcept;

 private:
  struct File;

  Geography(std::unique_ptr<File> file, What what);
  std::uint32_t look_up(const util::Address& address) const noexcept;
  util::Result<void> check() const;

  std::unique_ptr<File> file_;
  What what_;
  std::uint32_t number_;  ///< of this object in the process, from 1
};

/// "CL"; "unknown".
std::string country_text(std::uint32_t code);
/// "AS64496"; "unknown".
std::string network_text(std::uint32_t code);

}  // namespace rata::reduce
