#include "script/ring.h"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

namespace rata::script {
namespace {

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, timeout, nullptr, 0);
}

util::Result<std::uint8_t*> map(int fd, std::size_t octets) {
  void* const memory = mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED)
    return util::Error{fmt::format("{} octets of shared memory cannot be mapped: {}", octets, std::strerror(errno))};
  return static_cast<std::uint8_t*>(memory);
}

}  // namespace

util::Result<Ring> Ring::create(std::size_t octets) {
  assert((octets & (octets - 1)) == 0);
  const int fd = memfd_create("ratadns-script", MFD_CLOEXEC);
  if (fd < 0) return util::Error{fmt::format("memfd_create: {}", std::strerror(errno))};
  if (ftruncate(fd, static_cast<off_t>(header_octets + octets)) != 0) {
    const int fault = errno;
    ::close(fd);
    return util::Error{fmt::format("{} octets of shared memory: {}", octets, std::strerror(fault))};
  }
  const auto memory = map(fd, header_octets + octets);
  if (!memory) return ::close(fd), memory.error();
  new (*memory) Shared{};
  return Ring(fd, *memory, octets);
}

util::Result<Ring> Ring::open(int fd, std::size_t octets) {
  const auto memory = map(fd, header_octets + octets);
  if (!memory) return memory.error();
  return Ring(fd, *memory, octets);
}

Ring::Ring(int fd, std::uint8_t* memory, std::size_t octets) : fd_(fd), memory_(memory), octets_(octets) {}

Ring::Ring(Ring&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      memory_(std::exchange(other.memory_, nullptr)),
      octets_(other.octets_),
      position_(other.position_) {}

Ring::~Ring() {
  close_fd();
  if (memory_ != nullptr) munmap(memory_, header_octets + octets_);
}

void Ring::close_fd() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool Ring::reader_is_sound() const { return is_sound(shared().read.load(std::memory_order_acquire)); }

std::size_t Ring::waiting() const { return position_ - shared().read.load(std::memory_order_acquire); }

std::uint32_t Ring::beats() const { return shared().beats.load(std::memory_order_relaxed); }

std::uint8_t* Ring::room_for(std::size_t octets, std::size_t reserve) {
  // Read once: a reader that lies may say something else a moment later.
  const std::uint64_t read = shared().read.load(std::memory_order_acquire);
  if (!is_sound(read)) return nullptr;
  const std::size_t to_end = octets_ - (position_ & (octets_ - 1));
  const std::size_t padding = to_end < octets ? to_end : 0;
  if (octets_ - (position_ - read) < padding + octets + reserve) return nullptr;
  if (padding != 0) {
    // Sizes are multiples of 8: what is left at the end may be less than a header, but never less than its first word.
    const RecordHeader header{.size = static_cast<std::uint32_t>(padding)};
    std::memcpy(at(position_), &header, std::min(padding, sizeof header));
    position_ += padding;
  }
  return at(position_);
}

void Ring::publish(const RecordHeader& header) {
  std::memcpy(at(position_), &header, sizeof header);
  position_ += header.size;
  shared().written.store(position_, std::memory_order_seq_cst);
}

void Ring::wake() {
  if (shared().sleeping.load(std::memory_order_seq_cst) == 0) return;
  shared().bell.fetch_add(1, std::memory_order_seq_cst);
  futex(shared().bell, FUTEX_WAKE, 1, nullptr);
}

std::span<const std::uint8_t> Ring::front() const {
  if (shared().written.load(std::memory_order_acquire) == position_) return {};
  std::uint32_t size;
  std::memcpy(&size, at(position_), sizeof size);
  return {at(position_), size};
}

void Ring::pop() {
  position_ += front().size();
  shared().read.store(position_, std::memory_order_release);
  beat();
}

void Ring::beat() { shared().beats.fetch_add(1, std::memory_order_relaxed); }

void Ring::sleep(std::chrono::milliseconds most) {
  const std::uint32_t bell = shared().bell.load(std::memory_order_seq_cst);
  shared().sleeping.store(1, std::memory_order_seq_cst);
  if (shared().written.load(std::memory_order_seq_cst) == position_) {
    const timespec timeout{.tv_sec = most.count() / 1000, .tv_nsec = most.count() % 1000 * 1'000'000};
    futex(shared().bell, FUTEX_WAIT, bell, &timeout);
  }
  shared().sleeping.store(0, std::memory_order_seq_cst);
}

}  // namespace rata::script
