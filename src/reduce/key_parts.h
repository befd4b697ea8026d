#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "reduce/key_table.h"

namespace rata::reduce {

/// Does a number of tasks, in any order and on any threads, and returns when all are done.
using DoAll = std::function<void(std::size_t tasks, const std::function<void(std::size_t)>& task)>;

/// Key tables added up, cut by hash into parts, so that several threads can add. What it says does not depend on the
/// number of parts.
class KeyParts {
 public:
  explicit KeyParts(std::size_t parts = 1);

  /// Adds all of `other` and leaves it empty.
  void absorb(KeyTable&& other, const DoAll& do_all);

  // As KeyTable's.
  std::size_t size() const;
  std::uint64_t error() const { return error_; }
  std::uint64_t dropped_keys() const { return dropped_keys_; }
  std::vector<KeyTable::Ranked> top(std::size_t count, std::string (*text)(std::span<const std::uint8_t>)) const;

 private:
  std::vector<KeyTable> parts_;
  std::uint64_t error_ = 0, dropped_keys_ = 0;
};

}  // namespace rata::reduce
