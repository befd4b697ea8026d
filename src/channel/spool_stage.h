#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "channel/batch.h"
#include "channel/spool.h"
#include "channel/spool_pace.h"
#include "channel/waiting_line.h"
#include "util/guarded.h"

namespace rata::channel {

struct SpoolStageConfig {
  std::size_t batch_summaries = 256;
  std::size_t held_summaries = 1024;        ///< in memory, beside the queue
  std::size_t held_octets = 8u << 20;       ///< roughly
  bool waits_for_room = false;              ///< rather than let go of the oldest when the spool is full
  std::chrono::milliseconds pause{10'000};  ///< before a spool in trouble is tried again
};

/// Between the queue and the sending: a thread of its own writes what comes to the spool, so that a slow other side
/// keeps nothing from the disk. What was just written is sent out of memory; what has no room there is read back later.
/// As long as nothing fails, the order stays; after a failure what is fresh goes first (SpoolPace).
/// Where the spool cannot be written, summaries wait in memory only.
/// Thread: `next`, `attempted`, `done`, `give_back` and `finish` one, counters any.
class SpoolStage {
 public:
  using Queue = WaitingLine;
  using Report = std::function<void(const std::string&)>;

  SpoolStage(std::unique_ptr<Spool> spool, Queue& queue, const SpoolStageConfig& config, Report report);
  ~SpoolStage();
  SpoolStage(const SpoolStage&) = delete;
  SpoolStage& operator=(const SpoolStage&) = delete;

  /// What is to be sent next; empty when there is nothing for so long.
  Batch next(std::chrono::milliseconds patience);
  /// How an attempt with what `next` gave went, and how long it took.
  void attempted(bool older, bool worked, std::chrono::nanoseconds time);
  /// Nothing of these is to be sent any more.
  void done(const std::vector<std::uint64_t>& records);
  /// Will not be sent by this process: stays in the spool, or is lost.
  void give_back(const Batch& batch);

  /// The queue is drained, and all of it sent.
  bool idle();
  /// Nothing will be sent any more: from now on all goes to the spool only. Returns when the queue is drained.
  void finish();

  struct Counters {
    std::uint64_t spooled = 0;    ///< summaries that are kept, by this run
    std::uint64_t unspooled = 0;  ///< that could not be, and waited in memory only
    std::uint64_t lost = 0;       ///< of those, what was not sent in the end
    Spool::Counters spool;
  };
  Counters counters() const;
  const std::string& place() const { return spool_->path(); }
  /// Why the spool cannot be written; "": it can.
  std::string trouble() const;

 private:
  using Clock = std::chrono::steady_clock;

  /// Summaries of one record, in memory.
  struct Held {
    std::uint64_t record = 0;
    std::vector<summary::Summary> summaries;
    std::size_t octets = 0;
  };

  void write();
  bool wait_for_room(std::chrono::milliseconds patience);
  void keep(std::vector<summary::Summary> batch);
  std::uint64_t store(const std::string& lines, std::size_t summaries);
  void wait_for_spool(std::size_t octets);
  void offer(std::uint64_t record, std::vector<summary::Summary> summaries);
  void let_go_of_oldest();
  void hold(Held held);
  Held unhold(std::deque<Held>::iterator at);
  bool is_over() const;
  void sync_when_due();
  std::chrono::milliseconds until_due() const;
  void fail(const std::string& why);
  Batch older_batch(std::uint64_t up_to);
  Batch fresh_batch();
  void read_lines(const Spool::Taken& taken, Batch& batch);
  void say_notes();

  const std::unique_ptr<Spool> spool_;
  Queue& queue_;
  const SpoolStageConfig config_;
  const Report report_;
  SpoolPace pace_;
  bool told_acks_ = false, told_reading_ = false;

  // Of the writing thread.
  Clock::time_point next_try_{}, unsynced_since_{};
  bool unsynced_ = false, told_large_ = false;

  std::mutex mutex_;
  std::condition_variable filled_, room_;
  std::deque<Held> held_;  // all below: under the lock
  std::size_t held_summaries_ = 0, held_octets_ = 0;
  std::size_t alone_summaries_ = 0, alone_octets_ = 0;  // of those, in memory only
  std::uint64_t newest_record_ = UINT64_MAX;            // that came so far; at first all that was found
  bool orderly_ = false;                                // nothing has failed since all was sent
  bool abandoned_ = false, written_out_ = false;

  std::atomic<std::uint64_t> spooled_ = 0, unspooled_ = 0, lost_ = 0;
  util::Guarded<std::string> trouble_;
  std::thread writer_;
};

}  // namespace rata::channel
