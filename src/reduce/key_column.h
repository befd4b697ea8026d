#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "util/address.h"
#include "util/hash.h"

namespace rata::reduce {

/// Packets that reducers look at together: enough to hide the way to memory, few enough to stay in the first-level
/// cache with the columns made of them.
inline constexpr std::size_t max_batch_packets = 128;

/// The octets of a key under construction. No dimension gives more than 255.
class KeyBuffer {
 public:
  void assign(std::span<const std::uint8_t> octets) {
    std::memcpy(octets_.data(), octets.data(), octets.size());
    size_ = octets.size();
  }
  void append(std::uint8_t octet) { octets_[size_++] = octet; }
  void append(std::span<const std::uint8_t> octets) {
    std::memcpy(octets_.data() + size_, octets.data(), octets.size());
    size_ += octets.size();
  }
  void clear() { size_ = 0; }
  std::span<const std::uint8_t> octets() const { return {octets_.data(), size_}; }

 private:
  std::array<std::uint8_t, 256> octets_;
  std::size_t size_ = 0;
};

/// The keys of a batch of packets in one dimension, with their hashes where somebody asks for these. A key lies in the
/// packets' own memory or, where it had to be made, in the column.
class KeyColumn {
 public:
  struct Key {
    const std::uint8_t* octets = nullptr;  ///< nullptr: the packet has no key
    std::uint8_t size = 0;

    bool exists() const { return octets != nullptr; }
    std::span<const std::uint8_t> span() const { return {octets, size}; }
  };

  const Key& operator[](std::size_t i) const { return keys_[i]; }

  /// util::table_hash of a key that exists, computed once.
  std::uint64_t hash(std::size_t i) {
    // 0 stands for "not yet"; a hash that is 0 is only computed again.
    if (hashes_[i] == 0) hashes_[i] = util::table_hash(keys_[i].span());
    return hashes_[i];
  }

  /// Before the first `none`, `refer` or `copy` of a batch.
  void restart() { made_ = 0; }

  void none(std::size_t i) { keys_[i] = {}; }

  /// `octets` live as long as the batch.
  void refer(std::size_t i, std::span<const std::uint8_t> octets) {
    keys_[i] = {octets.data(), static_cast<std::uint8_t>(octets.size())};
    hashes_[i] = 0;
  }

  /// The address may go when this returns.
  void copy(std::size_t i, const util::Address& address) {
    std::uint8_t* const room = next_room();
    std::memcpy(room, address.octets.data(), address.octets.size());
    refer(i, {room, address.bytes().size()});
  }

  /// The octets may go when this returns.
  void copy(std::size_t i, std::span<const std::uint8_t> octets) {
    std::uint8_t* const room = next_room();
    std::memcpy(room, octets.data(), octets.size());
    refer(i, {room, octets.size()});
  }

 private:
  using Room = std::array<std::uint8_t, 256>;

  std::uint8_t* next_room() {
    if (own_.empty()) own_.resize(max_batch_packets * sizeof(Room));
    return own_.data() + made_++ * sizeof(Room);
  }

  std::array<Key, max_batch_packets> keys_;
  std::array<std::uint64_t, max_batch_packets> hashes_;
  std::vector<std::uint8_t> own_;
  std::size_t made_ = 0;
};

}  // namespace rata::reduce
