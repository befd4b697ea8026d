#include "capture/loss_log.h"

#include <gtest/gtest.h>

namespace rata::capture {
namespace {

constexpr util::Time at(std::int64_t ms) { return {ms * 1'000'000}; }

TEST(LossLog, KnowsWhatWasLostBeforeATime) {
  LossLog log;
  EXPECT_EQ(log.before(at(1000)), 0u);
  log.note(0, at(500));
  log.note(3, at(1000));
  log.note(4, at(2000));
  EXPECT_EQ(log.before(at(1000)), 0u);
  EXPECT_EQ(log.before(at(1001)), 3u);
  EXPECT_EQ(log.before(at(2000)), 3u);
  EXPECT_EQ(log.before(at(9000)), 7u);
  EXPECT_EQ(log.total(), 7u);
}

TEST(LossLog, NotesOfOneMomentAreOneEntry) {
  LossLog log;
  log.note(1, at(1000));
  log.note(1, at(1099));
  log.note(1, at(1100));
  EXPECT_EQ(log.before(at(1050)), 2u);
  EXPECT_EQ(log.before(at(1100)), 2u);
  EXPECT_EQ(log.before(at(1101)), 3u);
}

TEST(LossLog, WhatItHasForgottenCountsAsLostBefore) {
  LossLog log;
  for (int i = 1; i <= 1000; ++i) log.note(1, at(i * 1000));
  EXPECT_EQ(log.before(at(1'000'001)), 1000u);
  EXPECT_EQ(log.before(at(900'001)), 900u);
  EXPECT_EQ(log.before(at(1)), 745u);  // of 1000 entries 256 are kept
}

}  // namespace
}  // namespace rata::capture
