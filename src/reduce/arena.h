#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace rata::reduce {

/// Octets one after the other that only grow. A large block grows in place where the system can do that, without the
/// second copy that std::vector makes.
class Arena {
 public:
  std::uint8_t* data() { return octets_.get(); }
  const std::uint8_t* data() const { return octets_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }

  /// What `capacity` would be after room for `more` octets was made.
  std::size_t capacity_with(std::size_t more) const {
    if (size_ + more <= capacity_) return capacity_;
    constexpr std::size_t first_octets = 256;
    std::size_t wanted = capacity_ < first_octets ? first_octets : capacity_ + capacity_ / 2;
    return wanted < size_ + more ? size_ + more : wanted;
  }

  /// Appends room for `more` octets and returns it.
  std::uint8_t* grow(std::size_t more) {
    const std::size_t wanted = capacity_with(more);
    if (wanted != capacity_) {
      void* const moved = std::realloc(octets_.get(), wanted);
      if (moved == nullptr) throw std::bad_alloc();
      static_cast<void>(octets_.release());
      octets_.reset(static_cast<std::uint8_t*>(moved));
      capacity_ = wanted;
    }
    size_ += more;
    return octets_.get() + size_ - more;
  }

  /// Forgets the content, not the room.
  void clear() { size_ = 0; }

  void swap(Arena& other) noexcept {
    std::swap(octets_, other.octets_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  struct Free {
    void operator()(std::uint8_t* octets) const { std::free(octets); }
  };
  std::unique_ptr<std::uint8_t, Free> octets_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace rata::reduce
