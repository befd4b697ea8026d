#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace rata::util {

inline constexpr std::size_t cache_line_octets = 64;

/// Allocates at the start of a cache line, so that what lies in one line by its index does so in memory.
template <typename T>
struct CacheAligned {
  using value_type = T;

  CacheAligned() = default;
  template <typename Other>
  CacheAligned(const CacheAligned<Other>&) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{cache_line_octets}));
  }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory, std::align_val_t{cache_line_octets}); }

  friend bool operator==(const CacheAligned&, const CacheAligned&) { return true; }
};

template <typename T>
using CacheAlignedVector = std::vector<T, CacheAligned<T>>;

}  // namespace rata::util
