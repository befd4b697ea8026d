#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/options.h"
#include "pipeline/intake.h"

namespace rata::app {

/// Appends a packet's text; false when that does not say all of its records. Thread: several at a time, with texts of
/// their own.
using FormatPacket = std::function<bool(const reduce::Packet&, std::string&)>;

/// Writes every packet as text to standard output, in the order in which they come. With one thread that happens on the
/// spot; with more, blocks of packets are copied out of the intake, formatted by that many workers, and written by one
/// more thread in the order of the input. The same octets come out either way.
/// Bounded: so many blocks are under way, then the reader waits; so much text may come of what is being
/// formatted, or waits to be written, then all workers wait but the one whose block is written next.
class OrderedOutput final : public pipeline::PacketSink {
 public:
  OrderedOutput(FormatPacket format, unsigned threads);
  ~OrderedOutput() override;

  void add(std::size_t shard, std::size_t server, std::span<const reduce::Packet> batch) override;
  util::Time advance(util::Time) override { return {INT64_MAX}; }

  /// What has been added goes on its way, though more may be long in coming. False when nobody takes it.
  bool flush();

  /// All has been written when this returns. False when nobody took it.
  bool finish();

  /// Packets whose text does not say all of their records.
  std::uint64_t shortened() const { return shortened_.load(std::memory_order_relaxed); }

 private:
  struct Block;

  void copy(const reduce::Packet& packet);
  void hand_over();
  void work();
  void write();
  Block* next_to_format();
  bool nothing_to_come() const;
  std::unique_ptr<Block> take_block();

  void format(const reduce::Packet& packet, std::string& out) {
    if (!format_(packet, out)) shortened_.fetch_add(1, std::memory_order_relaxed);
  }

  FormatPacket format_;
  std::atomic<std::uint64_t> shortened_ = 0;
  std::string text_;  // one thread: what waits to be written
  std::unique_ptr<Block> filling_;

  std::mutex mutex_;
  std::condition_variable room_, filled_, formatted_;
  std::deque<std::unique_ptr<Block>> under_way_;  // in the order of the input
  std::vector<std::unique_ptr<Block>> spare_;
  std::size_t limit_blocks_;
  std::size_t text_bound_ = 0;  // octets: formatted and not written, or the most that can become of what is at work
  std::size_t limit_text_;
  bool closed_ = false, failed_ = false;
  std::vector<std::jthread> threads_;
};

/// All of a command that prints packets: reads the captures in `files` and prints with `options.threads` threads.
/// Returns the exit status; what went wrong has been told on standard error.
int print_packets(const InputOptions& options, const std::vector<std::string>& files, FormatPacket format);

}  // namespace rata::app
