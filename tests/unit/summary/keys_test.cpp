#include "summary/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rata::summary {
namespace {

using Texts = std::vector<std::string>;

Texts texts_of(const Keys& keys) { return {keys.begin(), keys.end()}; }

TEST(Keys, Hold_any_octets_of_any_length) {
  const Texts texts = {
      "", "A", std::string("\0\xff", 2), std::string(254, 'x'), std::string(255, 'y'), std::string(70'000, 'z')};
  const Keys keys = texts;
  ASSERT_EQ(keys.size(), texts.size());
  EXPECT_EQ(texts_of(keys), texts);
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(keys[i], texts[i]);
  EXPECT_EQ(keys.front(), "");
  EXPECT_EQ(keys.back(), texts.back());
  Keys one_by_one;
  EXPECT_TRUE(one_by_one.empty());
  for (const std::string& text : texts) one_by_one.push_back(text);
  EXPECT_EQ(one_by_one, keys);
}

TEST(Keys, Are_ordered_as_lists_of_texts_are) {
  std::mt19937 random(7);
  std::vector<Texts> lists;
  for (int i = 0; i < 300; ++i) {
    Texts list(random() % 4);
    for (std::string& text : list)
      for (std::size_t left = random() % 3 == 0 ? 250 + random() % 10 : random() % 3; left > 0; --left)
        text += "\x01\x7f\xfe"[random() % 3];
    lists.push_back(list);
  }
  for (const Texts& a : lists)
    for (const Texts& b : lists) {
      ASSERT_EQ(Keys(a) < Keys(b), a < b);
      ASSERT_EQ(Keys(a) == Keys(b), a == b);
    }
}

}  // namespace
}  // namespace rata::summary
