#include "util/cursor.h"

#include <gtest/gtest.h>

#include <array>

namespace rata::util {
namespace {

constexpr std::array<std::uint8_t, 15> octets = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

TEST(Cursor, ReadsBigEndianNumbersOneAfterTheOther) {
  Cursor cursor(octets);
  EXPECT_EQ(cursor.u8(), 0x01);
  EXPECT_EQ(cursor.u16(), 0x0203);
  EXPECT_EQ(cursor.u32(), 0x04050607u);
  EXPECT_EQ(cursor.u64(), 0x08090a0b0c0d0e0fu);
  EXPECT_TRUE(cursor.ok());
  EXPECT_EQ(cursor.remaining(), 0u);
  EXPECT_EQ(cursor.position(), octets.size());
}

TEST(Cursor, RemembersItsFirstFailureAndReadsZeroFromThenOn) {
  Cursor cursor{std::span(octets).first(5)};
  EXPECT_EQ(cursor.u32(), 0x01020304u);
  EXPECT_EQ(cursor.u16(), 0);
  EXPECT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.remaining(), 0u);
  EXPECT_EQ(cursor.u8(), 0) << "the fifth octet is out of reach after the failure";
  EXPECT_TRUE(cursor.take(0).empty());
  EXPECT_FALSE(cursor.ok());
}

TEST(Cursor, TakesAllOctetsAskedForOrNone) {
  Cursor cursor(octets);
  cursor.skip(2);
  const auto taken = cursor.take(3);
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(taken[0], 3);
  EXPECT_EQ(cursor.rest().size(), 10u);
  EXPECT_TRUE(cursor.take(11).empty());
  EXPECT_FALSE(cursor.ok());
}

TEST(Cursor, PeeksWithoutMovingOrFailing) {
  Cursor cursor(octets);
  EXPECT_EQ(cursor.peek(), 1);
  EXPECT_EQ(cursor.peek(14), 15);
  EXPECT_EQ(cursor.peek(15), 0);
  EXPECT_TRUE(cursor.ok());
  EXPECT_EQ(cursor.position(), 0u);
}

TEST(Cursor, ALimitHidesWhatLiesBehindIt) {
  Cursor cursor(octets);
  cursor.limit(100);
  EXPECT_EQ(cursor.remaining(), octets.size());
  cursor.skip(1);
  cursor.limit(2);
  EXPECT_EQ(cursor.u16(), 0x0203);
  EXPECT_TRUE(cursor.ok());
  EXPECT_EQ(cursor.u8(), 0);
  EXPECT_FALSE(cursor.ok());
}

TEST(Cursor, ReadsNothingFromNoOctets) {
  Cursor cursor({});
  EXPECT_TRUE(cursor.ok());
  EXPECT_TRUE(cursor.rest().empty());
  EXPECT_EQ(cursor.u64(), 0u);
  EXPECT_FALSE(cursor.ok());
}

}  // namespace
}  // namespace rata::util
