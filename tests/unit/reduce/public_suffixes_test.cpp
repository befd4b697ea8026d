#include "reduce/public_suffixes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/dimensions.h"

namespace rata::reduce {
namespace {

using tests::Messages;
using tests::no_value;
using tests::value_of;

constexpr const char* list =
    "// a comment\r\n"
    "\r\n"
    "com\r\n"
    "jp\n"
    "kyoto.jp trailing words say nothing\n"
    "*.kobe.jp\n"
    "!city.kobe.jp\n"
    "*.ck\n"
    "!www.ck\n"
    "  co.uk\n"
    "deep.down.below.example\n"
    "\u516c\u53f8.cn\n"
    "UPPER.example";

Context with(const char* text) {
  auto parsed = PublicSuffixes::parse(text);
  EXPECT_TRUE(parsed) << parsed.error().message;
  Context context;
  context.public_suffixes = std::make_shared<const PublicSuffixes>(std::move(*parsed));
  return context;
}

TEST(PublicSuffixes, The_longest_rule_wildcards_and_exceptions) {
  const Context context = with(list);
  EXPECT_EQ(context.public_suffixes->rules(), 11u);
  const std::string none(no_value);
  const struct {
    const char *qname, *suffix;
    std::string domain;
  } cases[] = {
      {"com.", "com.", none},
      {"example.com.", "com.", "example.com."},
      {"a.B.Example.com.", "com.", "example.com."},
      {"jp.", "jp.", none},
      {"test.jp.", "jp.", "test.jp."},
      {"kyoto.jp.", "kyoto.jp.", none},
      {"a.test.kyoto.jp.", "kyoto.jp.", "test.kyoto.jp."},
      {"kobe.jp.", "jp.", "kobe.jp."},  // a wildcard stands for a label
      {"c.kobe.jp.", "c.kobe.jp.", none},
      {"a.b.c.kobe.jp.", "c.kobe.jp.", "b.c.kobe.jp."},
      {"city.kobe.jp.", "kobe.jp.", "city.kobe.jp."},
      {"www.city.kobe.jp.", "kobe.jp.", "city.kobe.jp."},
      {"ck.", "ck.", none},
      {"test.ck.", "test.ck.", none},
      {"b.test.ck.", "test.ck.", "b.test.ck."},
      {"www.ck.", "ck.", "www.ck."},
      {"www.www.ck.", "ck.", "www.ck."},
      {"uk.", "uk.", none},  // no rule of its own: the last label
      {"example.uk.", "uk.", "example.uk."},
      {"www.example.co.uk.", "co.uk.", "example.co.uk."},
      {"example.", "example.", none},
      {"below.example.", "example.", "below.example."},
      {"x.down.below.example.", "example.", "below.example."},
      {"x.deep.down.below.example.", "deep.down.below.example.", "x.deep.down.below.example."},
      {"www.xn--55qx5d.cn.", "xn--55qx5d.cn.", "www.xn--55qx5d.cn."},
      {"a.upper.example.", "upper.example.", "a.upper.example."},
      {"a.co\\.uk.", "co\\046uk.", "a.co\\046uk."},  // a dot inside a label parts nothing
      {".", ".", none},
  };
  for (const auto& one : cases) {
    Messages messages;
    const Packet packet = messages.make({.qname = one.qname});
    EXPECT_EQ(value_of("public_suffix", packet, context), one.suffix) << one.qname;
    EXPECT_EQ(value_of("registered_domain", packet, context), one.domain) << one.qname;
  }
}

TEST(PublicSuffixes, Without_a_list_the_suffix_is_the_last_label) {
  Messages messages;
  const Packet packet = messages.make({.qname = "www.example.co.uk."});
  EXPECT_EQ(value_of("public_suffix", packet), "uk.");
  EXPECT_EQ(value_of("registered_domain", packet), "co.uk.");
  EXPECT_EQ(value_of("registered_domain", packet, {}, true), "co.uk");
  EXPECT_EQ(value_of("tld", packet, with(list)), "uk.") << "the top-level domain is the last label whatever the list";
}

TEST(PublicSuffixes, Garbage_is_refused_with_its_line) {
  const struct {
    std::string text;
    const char* why;
  } cases[] = {
      {"com\na..b\n", "line 2: is no rule"},
      {"com\n.b\n", "line 2: is no rule"},
      {"com\nb.\n", "line 2: is no rule"},
      {"a.*.b", "line 1: is no rule"},
      {"*b.c", "line 1: is no rule"},
      {"!", "line 1: is no rule"},
      {"a.!b", "line 1: is no rule"},
      {"\xff\xfe", "line 1: is no rule"},
      {std::string(64, 'a'), "line 1: is no rule"},
      {"// nothing\n\n*\n", "has no rules"},
      {"", "has no rules"},
  };
  for (const auto& one : cases) {
    const auto parsed = PublicSuffixes::parse(one.text);
    ASSERT_FALSE(parsed) << one.text;
    EXPECT_EQ(parsed.error().message.substr(0, std::string_view(one.why).size()), one.why);
  }
  std::string longest;
  for (int i = 0; i < 128; ++i) longest += "a.";
  EXPECT_FALSE(PublicSuffixes::parse(longest + "b"));
}

TEST(PublicSuffixes, The_list_of_this_machine_can_be_read) {
  const std::string path = "/usr/share/publicsuffix/public_suffix_list.dat";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const auto read = PublicSuffixes::read(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_GT(read->rules(), 5000u);
  Context context;
  context.public_suffixes = std::make_shared<const PublicSuffixes>(*read);
  Messages messages;
  EXPECT_EQ(value_of("registered_domain", messages.make({.qname = "a.b.example.co.uk."}), context), "example.co.uk.");
  EXPECT_EQ(value_of("public_suffix", messages.make({.qname = "a.city.kawasaki.jp."}), context), "kawasaki.jp.");
}

}  // namespace
}  // namespace rata::reduce
