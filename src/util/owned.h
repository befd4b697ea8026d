#pragma once

#include <memory>

namespace rata::util {

/// What a library of C gives away, and `free_it` takes back.
template <auto free_it>
struct Free {
  template <typename T>
  void operator()(T* thing) const {
    free_it(thing);
  }
};
template <typename T, auto free_it>
using Owned = std::unique_ptr<T, Free<free_it>>;

}  // namespace rata::util
