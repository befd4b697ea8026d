#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "pipeline/parcel.h"

namespace rata::pipeline {

/// Threads that work off what one thread, the front, puts into numbered boxes. A box is worked on by one thread at a
/// time, parcel after parcel in the order in which they came, so what belongs to a box needs no lock. When all parcels
/// are in use, the front works too instead of waiting.
/// Bounded: there is a fixed number of parcels. Locks once a parcel, not once a packet.
/// Thread: all calls but the work itself come from the front.
class Crew {
 public:
  using Work = std::function<void(std::size_t box, const Parcel& parcel)>;
  using Task = std::function<void(std::size_t number)>;

  /// `helpers` threads beside the front.
  Crew(std::size_t helpers, std::size_t boxes, Work work);
  ~Crew();

  /// An empty parcel. The front holds at most one for each box.
  Parcel& take();
  /// The parcel is the crew's again.
  void post(std::size_t box, Parcel& parcel);

  /// When this returns, all that was posted has been worked off, and the front sees what came of it.
  void drain();

  /// Calls `task` with 0 to `count - 1` on whichever threads; returns when all are done. Nothing may be posted.
  void for_each(std::size_t count, const Task& task);

  /// Parcels that there are.
  std::size_t parcels() const { return parcels_.size(); }

 private:
  struct Box {
    std::vector<Parcel*> waiting;  ///< a ring with room for all parcels
    std::size_t first = 0, count = 0;
    bool taken = false;  ///< waits in `ready_`, or is worked on
    std::size_t last_worker = nobody;
  };

  static constexpr std::size_t nobody = SIZE_MAX, front = 0;  // helpers count from 1

  void help(std::size_t worker);
  bool has_work() const { return next_task_ < tasks_ || !ready_.empty(); }
  void work_once(std::unique_lock<std::mutex>& lock);
  void run_task(std::unique_lock<std::mutex>& lock);
  void work_off(std::unique_lock<std::mutex>& lock, std::size_t worker);
  std::size_t take_ready(std::size_t worker);
  void make_ready(std::size_t box);

  const Work work_;
  std::vector<std::unique_ptr<Parcel>> parcels_;
  std::mutex mutex_;
  std::condition_variable work_came_, work_done_;
  std::vector<Parcel*> free_;
  std::vector<Box> boxes_;
  std::vector<std::size_t> ready_;  ///< boxes with work that nobody does, the one that waits longest first
  std::size_t posted_ = 0;          ///< parcels that are not worked off yet
  std::size_t asleep_ = 0;          ///< helpers
  bool front_waits_ = false;
  const Task* task_ = nullptr;
  std::size_t tasks_ = 0, next_task_ = 0, tasks_done_ = 0;
  bool closed_ = false;
  std::vector<std::jthread> helpers_;
};

}  // namespace rata::pipeline
