#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "util/result.h"

namespace rata::script {

/// What stands in front of every record of the ring.
struct RecordHeader {
  enum class Kind : std::uint32_t {
    padding,        ///< up to the end of the ring's memory
    block,          ///< messages of one window and shard: turns, 8 octets each, then their fields
    block_at_once,  ///< the same, and nothing has to be put in order
    ordered,        ///< nothing that comes later has a smaller turn than what is there
    take,           ///< the window is over
  };

  std::uint32_t size = 0;  ///< with this header, in octets, a multiple of 8
  Kind kind = Kind::padding;
  std::uint32_t window = 0;  ///< block, take
  std::uint32_t shard = 0;   ///< block
  std::uint32_t count = 0;   ///< block: messages
  std::uint32_t unused = 0;
};
static_assert(sizeof(RecordHeader) == 24);

/// Memory that a monitor and the process of a script share: records go one way. The reader is not trusted: of what it
/// writes the writer uses its position and its beat, and checks the position.
/// Thread: one writes, one reads.
class Ring {
 public:
  /// For the writer. `octets`: a power of two. Errors: there is no memory.
  static util::Result<Ring> create(std::size_t octets);
  /// For the reader: takes over the descriptor. Errors: it cannot be mapped.
  static util::Result<Ring> open(int fd, std::size_t octets);
  Ring(Ring&& other) noexcept;
  Ring& operator=(Ring&&) = delete;
  ~Ring();

  int fd() const { return fd_; }
  /// The memory stays, the descriptor goes.
  void close_fd();

  // The writer's side.

  /// Room for a record of so many octets, its header among them; nullptr: there is none now. `reserve`: so much stays
  /// free, so that a small record finds room when large ones find none.
  std::uint8_t* room_for(std::size_t octets, std::size_t reserve);
  /// The record in the room that was given last is written.
  void publish(const RecordHeader& header);
  /// Wakes the reader if it sleeps.
  void wake();
  std::size_t waiting() const;  ///< octets
  bool reader_is_sound() const;
  std::uint32_t beats() const;  ///< moves whenever the reader gets on

  // The reader's side.

  /// The next record; empty: there is none.
  std::span<const std::uint8_t> front() const;
  /// The record is read.
  void pop();
  void beat();
  /// Waits until there is a record; not much longer than `most`.
  void sleep(std::chrono::milliseconds most);

 private:
  /// At the front of the memory; what each side writes has cache lines of its own.
  struct Shared {
    alignas(64) std::atomic<std::uint64_t> written;  ///< octets
    std::atomic<std::uint32_t> bell;
    alignas(64) std::atomic<std::uint64_t> read;
    std::atomic<std::uint32_t> beats;
    std::atomic<std::uint32_t> sleeping;
  };
  static constexpr std::size_t header_octets = 4096;

  Ring(int fd, std::uint8_t* memory, std::size_t octets);
  Shared& shared() const { return *reinterpret_cast<Shared*>(memory_); }
  bool is_sound(std::uint64_t read) const { return read <= position_ && position_ - read <= octets_; }
  std::uint8_t* at(std::uint64_t position) const { return memory_ + header_octets + (position & (octets_ - 1)); }

  int fd_;
  std::uint8_t* memory_;
  std::size_t octets_;
  std::uint64_t position_ = 0;  ///< this side's own; the other's copy in shared memory may lie
};

}  // namespace rata::script
