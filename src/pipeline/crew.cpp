#include "pipeline/crew.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace rata::pipeline {
namespace {

/// Beside those that the front fills: what a thread works on, and what waits for it. Few, so that the octets are still
/// in the cache when they are read.
constexpr std::size_t parcels_per_thread = 8;

/// A sleeping helper is woken when so many parcels wait: waking costs as much as dozens of packets.
constexpr std::size_t worth_waking = 4;

}  // namespace

Crew::Crew(std::size_t helpers, std::size_t boxes, Work work) : work_(std::move(work)), boxes_(boxes) {
  ready_.reserve(boxes);
  for (std::size_t i = 0; i < boxes + parcels_per_thread * (helpers + 1); ++i)
    parcels_.push_back(std::make_unique<Parcel>());
  for (const auto& parcel : parcels_) free_.push_back(parcel.get());
  for (Box& box : boxes_) box.waiting.resize(parcels_.size());
  for (std::size_t i = 1; i <= helpers; ++i) helpers_.emplace_back([this, i] { help(i); });
}

Crew::~Crew() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  work_came_.notify_all();
}

Parcel& Crew::take() {
  std::unique_lock lock(mutex_);
  while (free_.empty()) work_once(lock);
  Parcel* const parcel = free_.back();
  free_.pop_back();
  return *parcel;
}

void Crew::post(std::size_t box, Parcel& parcel) {
  const std::scoped_lock lock(mutex_);
  Box& into = boxes_[box];
  assert(into.count < into.waiting.size());
  into.waiting[(into.first + into.count++) % into.waiting.size()] = &parcel;
  ++posted_;
  if (!into.taken) make_ready(box);
  if (asleep_ > 0 && posted_ >= worth_waking) work_came_.notify_one();
}

void Crew::make_ready(std::size_t box) {
  boxes_[box].taken = true;
  ready_.push_back(box);
}

void Crew::drain() {
  std::unique_lock lock(mutex_);
  if (asleep_ > 0 && ready_.size() > 1) work_came_.notify_all();
  while (posted_ > 0) work_once(lock);
}

void Crew::for_each(std::size_t count, const Task& task) {
  std::unique_lock lock(mutex_);
  assert(posted_ == 0 && next_task_ == tasks_);
  task_ = &task;
  next_task_ = tasks_done_ = 0;
  tasks_ = count;
  if (asleep_ > 0 && count > 1) work_came_.notify_all();
  while (tasks_done_ < tasks_) work_once(lock);
  task_ = nullptr;
  next_task_ = tasks_ = 0;
}

/// What the front does instead of waiting, and what it waits for when there is nothing to do.
void Crew::work_once(std::unique_lock<std::mutex>& lock) {
  if (next_task_ < tasks_) return run_task(lock);
  if (!ready_.empty()) return work_off(lock, front);
  front_waits_ = true;
  work_done_.wait(lock);
  front_waits_ = false;
}

void Crew::help(std::size_t worker) {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!closed_ && !has_work()) {
      ++asleep_;
      work_came_.wait(lock);
      --asleep_;
    }
    if (closed_) return;
    if (next_task_ < tasks_)
      run_task(lock);
    else
      work_off(lock, worker);
    if (front_waits_) work_done_.notify_one();
  }
}

void Crew::run_task(std::unique_lock<std::mutex>& lock) {
  const Task& task = *task_;
  const std::size_t number = next_task_++;
  lock.unlock();
  task(number);
  lock.lock();
  ++tasks_done_;
}

/// The box that has waited longest of those that this thread was the last to work on, since its cache still knows their
/// tables; else of all. Another's box waits as long as its thread is busy with others, at most until the front has no
/// more parcels and works itself.
std::size_t Crew::take_ready(std::size_t worker) {
  const auto known = [&](std::size_t box) {
    return boxes_[box].last_worker == worker || boxes_[box].last_worker == nobody;
  };
  auto chosen = std::ranges::find_if(ready_, known);
  if (chosen == ready_.end()) chosen = ready_.begin();
  const std::size_t box = *chosen;
  ready_.erase(chosen);
  boxes_[box].last_worker = worker;
  return box;
}

/// One parcel of a box. When the box has more it waits again, behind the others that this thread knows.
void Crew::work_off(std::unique_lock<std::mutex>& lock, std::size_t worker) {
  const std::size_t number = take_ready(worker);
  Box& box = boxes_[number];
  Parcel* const parcel = box.waiting[box.first];
  box.first = (box.first + 1) % box.waiting.size();
  --box.count;
  lock.unlock();
  work_(number, *parcel);
  parcel->clear();
  lock.lock();
  free_.push_back(parcel);
  --posted_;
  box.taken = false;
  if (box.count > 0) make_ready(number);
}

}  // namespace rata::pipeline
