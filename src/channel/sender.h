#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "channel/batch.h"
#include "channel/channel.h"
#include "channel/spool.h"
#include "channel/spool_stage.h"
#include "channel/waiting_line.h"
#include "util/guarded.h"
#include "util/time.h"

namespace rata::channel {

struct SenderConfig {
  std::size_t queue_capacity_summaries = 4096;
  std::size_t queue_octets = 32 * 1024 * 1024;  ///< roughly; one summary that is larger may be in it alone
  std::size_t batch_summaries = 256;
  util::WhenFull when_full = util::WhenFull::block;  ///< files wait; live sources drop and count
  std::chrono::milliseconds first_retry{100};        ///< doubles up to `longest_retry`; half of each is left to chance
  std::chrono::milliseconds longest_retry{10'000};
  std::chrono::milliseconds drain{5'000};  ///< how long `close` goes on trying
  std::uint64_t chance = 0;                ///< seed of that chance; 0: another one in each process
  const util::Clock* clock = &util::Clock::system();
};

/// A channel with what every channel needs: a bounded queue, batches, retry with back-off, counters, a thread. With a
/// spool what waits is on disk, too, and what is not sent goes on waiting there for the next start.
class Sender {
 public:
  /// Said once per trouble, and once when it is over: a sentence for the operator.
  using Report = std::function<void(const std::string&)>;

  Sender(std::string name, std::unique_ptr<Channel> channel, const SenderConfig& config, Report report,
         std::unique_ptr<Spool> spool = nullptr);
  ~Sender();

  /// Thread: any. With WhenFull::block waits for room.
  void send(summary::Summary summary);

  /// Lets in, beyond the bounds, a few of those that wait for room in `send`; nothing is dropped for it. Called again
  /// and again until they have come back. Thread: any.
  void make_way() { queue_.make_way(); }

  /// The end is near: from `drain` from now on a failed attempt is the last one; of what is in the spool, the next one
  /// that fails is. So a `send` that waits for room comes back in time. Thread: any.
  void hurry();

  /// An input is at its end, and there is time: for `drain` from now on all that waits is tried again and again, with
  /// the pauses of any other time, also what could stay in a spool, unless `hurry` is called before or after.
  /// Thread: any.
  void wind_up();

  /// Sends what waits, for at most `drain`; what is left is dropped and counted, or stays in the spool.
  void close();

  /// Windows' summaries: pushed = sent + refused + waiting + dropped.
  struct Counters {
    std::uint64_t pushed = 0, sent = 0, dropped = 0, waiting = 0, failed_attempts = 0;
    std::uint64_t refused = 0;        ///< which the other side will never take
    BestEffort best_effort;           ///< of those sent
    std::uint64_t found = 0;          ///< of those pushed: in the spool when it was opened
    std::uint64_t spooled = 0;        ///< written to the spool by this run
    std::uint64_t unspooled = 0;      ///< could not be, and waited in memory only
    std::uint64_t spool_full = 0;     ///< of those dropped: went beyond the spool's limit
    std::uint64_t spool_damaged = 0;  ///< of those dropped: could not be read back
    std::uint64_t left_in_spool = 0;  ///< after `close`: of those waiting, all

    Counters& operator+=(const Counters& other);
  };
  Counters counters() const;

  /// How the way out is, for those who look after it.
  struct Health {
    bool works = true;  ///< the last attempt did, or there was none
    std::string why;    ///< why not, or of the trouble that lost nothing
    std::optional<util::Time> failing_since, last_success;
    bool has_spool = false;
    std::string spool_trouble;  ///< why it cannot be written; "": it can
    std::uint64_t spool_octets = 0, spool_waiting = 0;
    std::optional<util::Time> oldest_waiting;  ///< when the oldest in the spool came there
  };
  /// Thread: any.
  Health health() const;

  const std::string& name() const { return name_; }
  /// The other side has left for good: nothing will be sent any more.
  bool gone() const { return gone_; }
  /// `close` has done its work. Thread: any.
  bool closed() const { return closed_; }

 private:
  void run();
  void begin_end(bool patient);
  bool may_stay(bool kept) const { return kept && !patient_; }
  bool is_over();
  Batch next();
  void deliver(Batch batch);
  Attempt try_once(Batch& batch);
  void account(Batch& batch, const Attempt& attempt);
  void note_health(const Attempt& attempt);
  void note_failure(const Attempt& attempt);
  bool out_of_time(bool kept);
  bool wait_for_retry(bool kept, std::chrono::milliseconds pause, bool asked_for);
  std::chrono::milliseconds by_chance(std::chrono::milliseconds pause, const Attempt& attempt);

  std::string name_;
  std::unique_ptr<Channel> channel_;
  SenderConfig config_;
  Report report_;
  WaitingLine queue_;
  std::unique_ptr<SpoolStage> stage_;  // none without a spool
  std::atomic<std::uint64_t> sent_ = 0, refused_ = 0, given_up_ = 0, failed_attempts_ = 0;
  std::atomic<bool> gone_ = false;
  std::atomic<bool> closing_ = false;
  std::atomic<bool> patient_ = false;                 // closing: `wind_up`
  std::atomic<bool> closed_ = false;                  // its thread has ended
  std::chrono::steady_clock::time_point deadline_{};  // set before closing_
  std::mutex mutex_;
  std::condition_variable closing_changed_;
  util::Guarded<Health> health_;
  bool failing_ = false;                  // the last attempt
  bool troubled_ = false;                 // that was said
  std::string last_note_, last_refusal_;  // said of attempts
  std::mt19937_64 chance_;
  std::thread thread_;
};

}  // namespace rata::channel
