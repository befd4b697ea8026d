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

}  // namespace
}  // namespace rata::hub
