#include "aggregate/string_pool.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <unordered_map>

namespace rata::aggregate {
namespace {

TEST(StringPool, EqualTextsShareANumberWhileOneHoldsThem) {
  StringPool pool;
  const auto first = pool.intern("www.example.");
  EXPECT_TRUE(first.is_new);
  pool.hold(first.id);
  pool.hold(first.id);
  EXPECT_EQ(pool.intern("www.example.").id, first.id);
  EXPECT_FALSE(pool.release(first.id));
  EXPECT_EQ(pool.text(first.id), "www.example.");
  EXPECT_TRUE(pool.release(first.id));
  EXPECT_EQ(pool.size(), 0u);
  EXPECT_TRUE(pool.intern("www.example.").is_new);
}

TEST(StringPool, ComparesTextsAsOctetsBeyondTheFirstEight) {
  const char* ascending[] = {"", "a", "ab", "abcdefgh", "abcdefgh.", "abcdefgi", "b", "\xc3\xa9"};
  StringPool pool;
  std::vector<std::uint32_t> ids;
  for (const char* text : ascending) ids.push_back(pool.intern(text).id);
  for (std::size_t left = 0; left < ids.size(); ++left)
    for (std::size_t right = 0; right < ids.size(); ++right)
      EXPECT_EQ(pool.before(ids[left], ids[right]), left < right) << ascending[left] << " " << ascending[right];
}

TEST(StringPool, MillionsOfNamesThatComeAndGoTakeNoMoreRoomThanThoseAliveAtOnce) {
  StringPool pool;
  std::deque<std::uint32_t> alive;
  for (int i = 0; i < 2'000'000; ++i) {
    const auto name = pool.intern("host-" + std::to_string(i) + ".random.example.");
    ASSERT_TRUE(name.is_new);
    pool.hold(name.id);
    alive.push_back(name.id);
    if (alive.size() > 1000) {
      pool.release(alive.front());
      alive.pop_front();
    }
  }
  EXPECT_EQ(pool.size(), 1000u);
  EXPECT_LE(pool.slots(), 1001u);
}

TEST(StringPool, FindsEveryTextAfterManyWereForgotten) {
  StringPool pool;
  std::mt19937 random(1);
  std::unordered_map<std::string, std::uint32_t> alive;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = std::to_string(random() % 3000);
    const auto known = alive.find(text);
    if (known == alive.end()) {
      const auto interned = pool.intern(text);
      ASSERT_TRUE(interned.is_new);
      pool.hold(interned.id);
      alive[text] = interned.id;
    } else if (random() % 2) {
      ASSERT_TRUE(pool.release(known->second));
      alive.erase(known);
    } else {
      ASSERT_EQ(pool.intern(text).id, known->second);
    }
    ASSERT_EQ(pool.size(), alive.size());
  }
}

}  // namespace
}  // namespace rata::aggregate
