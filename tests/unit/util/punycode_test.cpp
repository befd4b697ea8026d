#include "util/punycode.h"

#include <gtest/gtest.h>

#include <string>

namespace rata::util {
namespace {

TEST(Punycode, Labels_as_they_stand_in_the_dns) {
  const struct {
    std::string label;
    const char* ascii;
  } cases[] = {
      {"com", "com"},
      {"COM-1", "com-1"},
      {"\u0440\u0444", "xn--p1ai"},        // Cyrillic
      {"\u516c\u53f8", "xn--55qx5d"},      // Han
      {"m\u00fcnchen", "xn--mnchen-3ya"},  // letters of both kinds
      {"\u00fc", "xn--tda"},               // none of ASCII
      {"\u0627\u0644\u0633\u0639\u0648\u062f\u064a\u0629", "xn--mgberp4a5d4ar"},
      {"\u0cad\u0cbe\u0cb0\u0ca4", "xn--2scrj9c"},
      {"verm\u00f6gensberatung", "xn--vermgensberatung-pwb"},
      {"\U0001f4a9", "xn--ls8h"},  // beyond the basic plane
      // RFC 3492 section 7.1, (I) and (L).
      {"\u043f\u043e\u0447\u0435\u043c\u0443\u0436\u0435\u043e\u043d\u0438\u043d\u0435\u0433\u043e\u0432\u043e\u0440"
       "\u044f\u0442\u043f\u043e\u0440\u0443\u0441\u0441\u043a\u0438",
       "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l"},
      {"3\u5e74b\u7d44\u91d1\u516b\u5148\u751f", "xn--3b-ww4c5e180e575a65lsy2b"},
  };
  for (const auto& one : cases) EXPECT_EQ(ascii_label(one.label), one.ascii) << one.label;
}

TEST(Punycode, What_is_no_label_is_refused) {
  const std::string bad[] = {
      "",
      std::string(64, 'a'),
      "\x80",              // a tail alone
      "\xc3",              // a head alone
      "\xc0\xaf",          // overlong
      "\xe0\x80\xaf",      // overlong
      "\xed\xa0\x80",      // a surrogate
      "\xf4\x90\x80\x80",  // above U+10FFFF
      "\xf8\x88\x80\x80\x80",
      "\xff",
  };
  for (const std::string& label : bad) EXPECT_FALSE(ascii_label(label)) << label;
  std::string many;
  for (int i = 0; i < 63; ++i) many += "\u00fc";
  EXPECT_TRUE(!ascii_label(many) || ascii_label(many)->size() <= 63);
  EXPECT_EQ(ascii_label(std::string(63, 'a')), std::string(63, 'a'));
}

}  // namespace
}  // namespace rata::util
