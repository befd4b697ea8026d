#include "summary/keys.h"

#include <algorithm>
#include <cstring>

namespace rata::summary {
namespace {

constexpr unsigned char is_long = 255;  // as the length of a key: the four octets after it are
constexpr std::size_t long_head = 1 + sizeof(std::uint32_t);

}  // namespace

std::size_t Keys::head_octets(std::size_t key_octets) { return key_octets < is_long ? 1 : long_head; }

std::string_view Keys::Iterator::operator*() const {
  const auto octets = static_cast<unsigned char>(*at_);
  if (octets != is_long) return {at_ + 1, octets};
  std::uint32_t length = 0;
  std::memcpy(&length, at_ + 1, sizeof length);
  return {at_ + long_head, length};
}

Keys::Iterator& Keys::Iterator::operator++() {
  const std::string_view key = **this;
  at_ = key.data() + key.size();
  return *this;
}

void Keys::push_back(std::string_view key) {
  if (key.size() < is_long) {
    octets_ += static_cast<char>(key.size());
  } else {
    const auto length = static_cast<std::uint32_t>(key.size());  // no record is as long as that
    octets_ += static_cast<char>(is_long);
    octets_.append(reinterpret_cast<const char*>(&length), sizeof length);
  }
  octets_ += key;
}

std::strong_ordering operator<=>(const Keys& a, const Keys& b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace rata::summary
