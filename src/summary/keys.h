#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace rata::summary {

/// The keys of a row, one after the other in one piece of memory: tables have many rows, and each is made, compared and
/// given up all the time. Few keys: one is found by going through those before it.
class Keys {
 public:
  /// Over the keys, as texts that lie in them.
  class Iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using reference = std::string_view;
    using pointer = void;

    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}
    std::string_view operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const char* at_ = nullptr;
  };

  Keys() = default;
  Keys(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) push_back(key);
  }
  Keys(const std::vector<std::string>& keys) : Keys(keys.begin(), keys.end()) {}
  template <typename Place>
  Keys(Place first, Place last);

  /// Not one of its own.
  void push_back(std::string_view key);

  std::size_t size() const { return static_cast<std::size_t>(std::distance(begin(), end())); }
  bool empty() const { return octets_.empty(); }
  Iterator begin() const { return Iterator(octets_.data()); }
  Iterator end() const { return Iterator(octets_.data() + octets_.size()); }
  std::string_view operator[](std::size_t place) const { return *std::next(begin(), static_cast<long>(place)); }
  std::string_view front() const { return *begin(); }
  std::string_view back() const { return (*this)[size() - 1]; }

  /// As they lie in memory.
  const std::string& octets() const { return octets_; }

  friend bool operator==(const Keys& a, const Keys& b) { return a.octets_ == b.octets_; }
  /// Key by key, each by its octets; one list that begins with all of another comes after it.
  friend std::strong_ordering operator<=>(const Keys& a, const Keys& b);

 private:
  static std::size_t head_octets(std::size_t key_octets);

  std::string octets_;  // of each key: its length in one octet, or 255 and the length in four, and the key
};

template <typename Place>
Keys::Keys(Place first, Place last) {
  std::size_t octets = 0;
  for (Place at = first; at != last; ++at) {
    const std::string_view key = *at;
    octets += head_octets(key.size()) + key.size();
  }
  octets_.reserve(octets);
  for (; first != last; ++first) push_back(*first);
}

}  // namespace rata::summary
