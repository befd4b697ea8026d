#include "hub/showing.h"

#include <gtest/gtest.h>

namespace rata::hub {
namespace {

Showing::Clock::time_point at(int milliseconds) {
  return Showing::Clock::time_point(std::chrono::hours(1)) + std::chrono::milliseconds(milliseconds);
}

TEST(Showing, NothingIsShownOfWhatDidNotChange) {
  Showing showing;
  EXPECT_FALSE(showing.is_due(at(0), true));
  showing.changed(at(0));
  showing.shown(at(0));
  EXPECT_FALSE(showing.is_due(at(10'000), true));
}

TEST(Showing, WhatHasComeIsShownAsSoonAsNoMoreComes) {
  Showing showing;
  showing.changed(at(0));
  EXPECT_FALSE(showing.is_due(at(1), false));
  EXPECT_TRUE(showing.is_due(at(30), true));
}

TEST(Showing, NotMoreOftenThanEveryoneCanFollow) {
  Showing showing;
  showing.shown(at(0));
  showing.changed(at(10));
  EXPECT_FALSE(showing.is_due(at(149), true));
  EXPECT_TRUE(showing.is_due(at(150), true));
}

TEST(Showing, AtTheLatestAWhileAfterTheFirstChangeThatIsNotShown) {
  Showing showing;
  showing.shown(at(0));
  for (int moment = 5; moment < 250; moment += 5) showing.changed(at(moment));
  EXPECT_FALSE(showing.is_due(at(254), false));
  EXPECT_TRUE(showing.is_due(at(255), false));
}

TEST(StatusPace, TheStatusOfManyIsMadeMoreSeldom) {
  StatusPace pace;
  EXPECT_TRUE(pace.is_due(at(0), false));
  pace.made(at(0), 20, false);
  EXPECT_FALSE(pace.is_due(at(999), false));
  EXPECT_TRUE(pace.is_due(at(1000), false));
  pace.made(at(1000), 21, false);
  EXPECT_FALSE(pace.is_due(at(5999), false));
  EXPECT_TRUE(pace.is_due(at(6000), false));
}

TEST(StatusPace, IsQuickerWhileViewsAreRestored) {
  StatusPace pace;
  pace.made(at(0), 1000, false);
  EXPECT_TRUE(pace.is_due(at(1), true));
  pace.made(at(1), 1000, true);
  EXPECT_FALSE(pace.is_due(at(250), true));
  EXPECT_TRUE(pace.is_due(at(251), true));
  pace.made(at(251), 1000, true);
  EXPECT_TRUE(pace.is_due(at(252), false)) << "all is restored";
}

}  // namespace
}  // namespace rata::hub
