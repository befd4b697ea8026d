#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace rata::serve {

/// Octets that may be in memory at a time, whoever holds them. Thread: any.
class Room : public std::enable_shared_from_this<Room> {
 public:
  /// A part of it, held as long as the pointer or a copy of it lives.
  using Part = std::shared_ptr<const void>;

  explicit Room(std::size_t octets) : free_octets_(octets) {}

  /// Null: so much is not free.
  Part take(std::size_t octets) {
    std::size_t free = free_octets_.load();
    do {
      if (free < octets) return nullptr;
    } while (!free_octets_.compare_exchange_weak(free, free - octets));
    return {this, [room = shared_from_this(), octets](const void*) { room->free_octets_ += octets; }};
  }

 private:
  std::atomic<std::size_t> free_octets_;
};

}  // namespace rata::serve
