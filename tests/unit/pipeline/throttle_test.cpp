#include "pipeline/throttle.h"

#include <gtest/gtest.h>

#include <thread>

namespace rata::pipeline {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// A machine on which time passes only by working and sleeping.
class ThrottleTest : public testing::Test {
 protected:
  ThrottleClocks clocks() {
    return {.thread_cpu = [this] { return cpu_; },
            .wall = [this] { return wall_; },
            .sleep =
                [this](nanoseconds time) {
                  longest_ = std::max(longest_, time);
                  wall_ += time;
                }};
  }
  void work(nanoseconds time) {
    cpu_ += time;
    wall_ += time;
  }
  void wait(nanoseconds time) { wall_ += time; }
  double share() const { return static_cast<double>(cpu_.count()) / static_cast<double>(wall_.count()); }

  nanoseconds cpu_ = 7s, wall_ = 1000s, longest_ = 0s;
};

TEST_F(ThrottleTest, TheShareOfTheTimeIsKept) {
  for (const unsigned percent : {1u, 10u, 50u, 90u}) {
    cpu_ = wall_ = 0s;
    Throttle throttle(percent, clocks());
    Throttle::Meter meter;
    for (int i = 0; i < 1000; ++i) {
      throttle.pause(meter);
      work(2ms);
    }
    EXPECT_NEAR(share(), percent / 100.0, 0.01) << percent;
  }
  EXPECT_LE(longest_, 50ms);  // so that the end is noticed
}

TEST_F(ThrottleTest, SeveralThreadsHaveTheShareTogether) {
  cpu_ = wall_ = 0s;
  Throttle throttle(50, clocks());
  Throttle::Meter one, other;
  nanoseconds cpu_of_one = 0s, cpu_of_other = 0s;
  for (int i = 0; i < 1000; ++i) {
    cpu_ = cpu_of_one;
    throttle.pause(one);
    cpu_ = cpu_of_other;
    throttle.pause(other);
    cpu_of_one += 2ms;
    cpu_of_other += 1ms;
    wall_ += 2ms;  // side by side
  }
  EXPECT_NEAR(static_cast<double>((cpu_of_one + cpu_of_other).count()) / static_cast<double>(wall_.count()), 0.5, 0.01);
}

TEST_F(ThrottleTest, WhoUsesLessIsNotHeldUp) {
  Throttle throttle(50, clocks());
  Throttle::Meter meter;
  for (int i = 0; i < 100; ++i) {
    throttle.pause(meter);
    work(4ms);
    wait(6ms);
  }
  EXPECT_EQ(longest_, 0s);
}

TEST_F(ThrottleTest, AQuietHourBuysNoLoudOne) {
  Throttle throttle(10, clocks());
  Throttle::Meter meter;
  throttle.pause(meter);
  wait(1h);
  throttle.pause(meter);
  const nanoseconds wall = wall_, cpu = cpu_;
  for (int i = 0; i < 100; ++i) {
    work(10ms);
    throttle.pause(meter);
  }
  EXPECT_NEAR(static_cast<double>((cpu_ - cpu).count()) / static_cast<double>((wall_ - wall).count()), 0.1, 0.005);
}

TEST_F(ThrottleTest, WithoutALimitNothingIsAsked) {
  Throttle throttle(0, {});
  Throttle::Meter meter;
  throttle.pause(meter);
}

TEST_F(ThrottleTest, AfterTheStopNobodySleeps) {
  Throttle throttle(1, clocks());
  Throttle::Meter meter;
  throttle.pause(meter);
  work(1h);
  throttle.stop();
  throttle.pause(meter);
  EXPECT_EQ(longest_, 0s);
}

TEST(Throttle, TheClocksOfThisMachineRun) {
  const ThrottleClocks clocks = ThrottleClocks::system();
  const nanoseconds wall = clocks.wall(), cpu = clocks.thread_cpu();
  clocks.sleep(1ms);
  EXPECT_GE(clocks.wall() - wall, 1ms);
  while (clocks.thread_cpu() == cpu) {
  }
}

}  // namespace
}  // namespace rata::pipeline
