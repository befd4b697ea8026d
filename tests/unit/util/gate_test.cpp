#include "util/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace rata::util {
namespace {

TEST(Gate, Who_is_alone_is_alone_and_comes_in_however_many_keep_going_in_and_out) {
  Gate gate;
  std::atomic<int> inside = 0;
  std::atomic<bool> stop = false;
  std::uint64_t counter = 0;  // guarded by being alone
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        const std::shared_lock lock(gate);
        ++inside;
        --inside;
      }
    });
  std::vector<std::jthread> writers;
  for (int i = 0; i < 2; ++i)
    writers.emplace_back([&] {
      for (int turn = 0; turn < 1000; ++turn) {
        const std::scoped_lock lock(gate);
        EXPECT_EQ(inside, 0);
        ++counter;
      }
    });
  writers.clear();
  stop = true;
  threads.clear();
  EXPECT_EQ(counter, 2000u);
}

TEST(Gate, Several_are_inside_together) {
  Gate gate;
  const std::shared_lock first(gate);
  std::jthread([&] { const std::shared_lock second(gate); }).join();
}

}  // namespace
}  // namespace rata::util
