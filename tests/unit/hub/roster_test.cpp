#include "hub/roster.h"

#include <gtest/gtest.h>

namespace rata::hub {
namespace {

constexpr util::Time at(double seconds) {
  return {1'700'000'000'000'000'000 + static_cast<std::int64_t>(seconds * 1e9)};
}

summary::Summary summary_at(double start, double seconds = 1, std::string type = "a", std::string monitor = "m") {
  summary::Summary summary{.type = std::move(type), .server = "ns1", .monitor = std::move(monitor)};
  summary.window = {.start = at(start), .seconds = seconds, .packets = 10, .late = 1};
  summary.loss.kernel = 2;
  summary.id = {"boot", 1, 0};
  return summary;
}

Health health_of(double start, double seconds, double arrived, double now) {
  Roster roster(10);
  roster.note(summary_at(start, seconds), at(arrived));
  return roster.monitors().at(0).health(at(now));
}

TEST(Roster, SaysHowAServerStands) {
  EXPECT_EQ(health_of(0, 1, 2, 2), Health::live);
  EXPECT_EQ(health_of(0, 1, 30, 30), Health::late);
  EXPECT_EQ(health_of(20, 1, 2, 2), Health::ahead);
  EXPECT_EQ(health_of(-100'000, 1, 2, 2), Health::past);
  EXPECT_EQ(health_of(0, 1, 2, 70), Health::silent);
}

TEST(Roster, LongWindowsComeSeldom) {
  EXPECT_EQ(health_of(0, 60, 62, 120), Health::live);  // the next one is due at 121
  EXPECT_EQ(health_of(0, 60, 62, 135), Health::late);
  EXPECT_EQ(health_of(0, 60, 62, 190), Health::silent);
}

TEST(Roster, EachWindowCountsOnceWhateverTheNumberOfReducers) {
  Roster roster(10);
  for (int second = 0; second < 3; ++second)
    for (const char* type : {"a", "b", "c"}) roster.note(summary_at(second, 1, type), at(second + 2));
  const MonitorState state = roster.monitors().at(0);
  EXPECT_EQ(state.summaries, 9u);
  EXPECT_EQ(state.windows, 3u);
  EXPECT_EQ(state.packets, 30u);
  EXPECT_EQ(state.late, 3u);
  EXPECT_EQ(state.kernel, 6u);
}

TEST(Roster, WhenTheReducerThatStandsForWindowsIsGoneAnotherTakesItsPlace) {
  for (const char* boot : {"", "boot"}) {  // older monitors have none, and a reload makes no new one
    Roster roster(10);
    const auto note = [&](int second, const char* type) {
      summary::Summary summary = summary_at(second, 1, type);
      summary.id.boot = boot;
      roster.note(summary, at(second + 2));
    };
    for (int second = 0; second < 10; ++second)
      for (const char* type : {"a", "b"}) note(second, type);
    for (int second = 10; second < 200; ++second) note(second, "b");
    EXPECT_EQ(roster.monitors().at(0).windows, 10u + 200 - 10 - 61) << boot;
    EXPECT_EQ(roster.monitors().at(0).packets, 10 * roster.monitors().at(0).windows);
    for (int second = 10; second < 200; ++second) note(second, "a");
    EXPECT_EQ(roster.monitors().at(0).windows, 10u + 200 - 10 - 61) << "what a spool brings is of the same windows";
  }
}

summary::Summary of_boot(const std::string& boot, double start, double seconds = 1) {
  summary::Summary summary = summary_at(start, seconds);
  summary.id.boot = boot;
  return summary;
}

/// Whether two processes are noticed when windows of these runs come in this order.
bool is_double(const std::vector<std::pair<std::string, double>>& windows) {
  Roster roster(10);
  for (const auto& [boot, start] : windows) roster.note(of_boot(boot, start), at(start + 2));
  return roster.monitors().at(0).is_double(at(200));
}

TEST(Roster, TwoProcessesUnderOneNameAreNoticed) {
  EXPECT_TRUE(is_double({{"a", 0}, {"b", 0}, {"a", 1}, {"b", 1}, {"a", 2}}));
  EXPECT_TRUE(is_double({{"a", 90}, {"a", 91}, {"b", 92}, {"a", 92}, {"b", 93}, {"a", 93}, {"b", 94}}));
  std::vector<std::pair<std::string, double>> clocks_that_differ;
  for (int second = 0; second < 10; ++second) {
    clocks_that_differ.emplace_back("a", 100 + second);
    clocks_that_differ.emplace_back("b", 95 + second);
  }
  EXPECT_TRUE(is_double(clocks_that_differ));
  EXPECT_FALSE(is_double({{"a", 0}, {"a", 1}, {"a", 2}}));
}

TEST(Roster, AMonitorThatStartsAgainIsOneProcess) {
  EXPECT_FALSE(is_double({{"a", 98}, {"a", 99}, {"b", 101}, {"b", 102}}));
  EXPECT_FALSE(is_double({{"a", 98}, {"a", 99}, {"b", 99}, {"b", 100}, {"b", 101}})) << "within a second";
  EXPECT_FALSE(is_double({{"a", 90}, {"b", 101}, {"a", 91}, {"b", 102}, {"a", 92}, {"b", 103}, {"a", 93}}))
      << "its spool comes beside what is new";
  EXPECT_FALSE(is_double({{"a", 98}, {"b", 100}, {"c", 102}, {"a", 99}, {"c", 103}, {"b", 101}, {"c", 104}}));
}

TEST(Roster, TwoProcessesAreForgottenWhenOneIsGone) {
  Roster roster(10);
  for (int second = 0; second < 3; ++second)
    for (const char* boot : {"a", "b"}) roster.note(of_boot(boot, second), at(second));
  EXPECT_TRUE(roster.monitors().at(0).is_double(at(3)));
  EXPECT_FALSE(roster.monitors().at(0).is_double(at(303)));
}

TEST(Roster, WhatIsRememberedOfBeforeDoesNotChangeTheLengthOfWindows) {
  Roster roster(10);
  roster.remember(summary_at(100, 1));
  roster.remember(summary_at(0, 60));
  EXPECT_EQ(roster.monitors().at(0).window_seconds, 1);
}

TEST(Roster, OneThatIsRememberedHasNotBeenHeardOf) {
  Roster roster(10);
  roster.remember(summary_at(0));
  const MonitorState state = roster.monitors().at(0);
  EXPECT_EQ(state.summaries, 0u);
  EXPECT_EQ(state.health(at(5)), Health::live);  // it was, just before we began
  EXPECT_EQ(state.health(at(100)), Health::silent);
}

TEST(Roster, IsBounded) {
  Roster roster(2);
  for (int i = 0; i < 5; ++i) roster.note(summary_at(i, 1, "a", "m" + std::to_string(i)), at(i));
  const auto monitors = roster.monitors();
  ASSERT_EQ(monitors.size(), 2u);
  EXPECT_EQ(monitors[0].monitor, "m3");
  EXPECT_EQ(monitors[1].monitor, "m4");
}

}  // namespace
}  // namespace rata::hub
