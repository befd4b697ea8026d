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
