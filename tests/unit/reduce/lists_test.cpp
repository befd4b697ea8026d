#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reduce/prefixes.h"
#include "reduce/top_level_domains.h"

namespace rata::reduce {
namespace {

/// A label and the root in wire form; "": the root.
std::vector<std::uint8_t> name(std::string_view label) {
  std::vector<std::uint8_t> wire;
  if (!label.empty()) wire.push_back(static_cast<std::uint8_t>(label.size()));
  wire.insert(wire.end(), label.begin(), label.end());
  wire.push_back(0);
  return wire;
}

TEST(TopLevelDomains, Are_read_from_a_list) {
  const auto list = TopLevelDomains::parse("# Version 1\r\nCOM\r\n\n  xn--p1ai\t\n#net\n.\norg");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 3u);
  for (const char* known : {"com", "xn--p1ai", "org", ""}) EXPECT_TRUE(list->contains(name(known))) << known;
  for (const char* unknown : {"net", "co", "comm"}) EXPECT_FALSE(list->contains(name(unknown))) << unknown;
}

TEST(TopLevelDomains, Are_found_whatever_their_number_and_length) {
  // Around eight octets with their length they are kept in another way; more of them than any table has room for at
  // first.
  std::string text;
  std::vector<std::string> labels;
  for (std::size_t length = 1; length <= 63; ++length) labels.push_back(std::string(length, 'x'));
  for (int i = 0; i < 5000; ++i) labels.push_back("t" + std::to_string(i));
  for (const std::string& label : labels) text += label + "\n" + label + "\n";
  const auto list = TopLevelDomains::parse(text);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), labels.size());
  for (const std::string& label : labels) {
    EXPECT_TRUE(list->contains(name(label))) << label;
    const std::string longer = label + "q", with_nul = label.substr(0, 62) + std::string(1, '\0');
    EXPECT_FALSE(list->contains(name(longer))) << longer;
    EXPECT_FALSE(list->contains(name(with_nul))) << label;
  }
}

TEST(TopLevelDomains, Garbage_is_refused_with_its_line) {
  const struct {
    std::string text, why;
  } cases[] = {{"com\nco.uk\n", "line 2: is no top-level domain"},
               {"com\n\xff\xfe\n", "line 2: is no top-level domain"},
               {std::string("com\n\n") + std::string(64, 'a'), "line 3: is no top-level domain"},
               {"# nothing\n\n", "names no top-level domain"},
               {"", "names no top-level domain"}};
  for (const auto& one : cases) {
    const auto list = TopLevelDomains::parse(one.text);
    ASSERT_FALSE(list) << one.text;
    EXPECT_EQ(list.error().message.substr(0, one.why.size()), one.why);
  }
  const auto missing = TopLevelDomains::read("/nonexistent/tlds.txt");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "/nonexistent/tlds.txt: cannot be read: No such file or directory");
  const auto folder = TopLevelDomains::read("/");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message, "/: is a folder; a text file is wanted");
}

TEST(TopLevelDomains, Those_of_the_build_are_the_root_zone_s) {
  const auto& list = *TopLevelDomains::built_in();
  EXPECT_GT(list.size(), 1400u);
  for (const char* known : {"aaa", "com", "arpa", "zw", "cl", "xn--zfr164b"}) EXPECT_TRUE(list.contains(name(known)));
  for (const char* unknown : {"example", "test", "localhost", "local", "#", "onion"})
    EXPECT_FALSE(list.contains(name(unknown))) << unknown;
}

TEST(Prefixes, Are_read_and_written) {
  const struct {
    const char *text, *shown;
  } cases[] = {{"192.0.2.0/24", "192.0.2.0/24"},
               {"192.0.2.53", "192.0.2.53/32"},
               {"192.0.2.53/32", "192.0.2.53/32"},
               {"2001:db8::1", "2001:db8::1/128"},
               {"2001:DB8::/32", "2001:db8::/32"},
               {"0.0.0.0/0", "0.0.0.0/0"},
               {"2001:db8:8000::/33", "2001:db8:8000::/33"},
               {"::/0", "::/0"}};
  for (const auto& one : cases) {
    const auto prefix = read_prefix(one.text);
    ASSERT_TRUE(prefix) << one.text;
    EXPECT_EQ(text(*prefix), one.shown);
  }
  // Bit by bit.
  const util::Address ones = util::Address::v6_from(std::vector<std::uint8_t>(16, 0xff).data());
  for (unsigned bits = 0; bits <= 128; ++bits) {
    const util::Address network = masked(ones, bits);
    for (unsigned bit = 0; bit < 128; ++bit)
      ASSERT_EQ((network.octets[bit / 8] >> (7 - bit % 8) & 1) != 0, bit < bits) << bits;
  }
  for (const char* bad : {"", "/", "192.0.2", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "2001:db8::/129",
                          "ns1.example/24", "192.0.2.0/24 ", "192.0.2.0/-1", "192.0.2.0/24/24"}) {
    const auto prefix = read_prefix(bad);
    ASSERT_FALSE(prefix) << bad;
    EXPECT_NE(prefix.error().message.find("is no address or network"), std::string::npos);
  }
  EXPECT_EQ(read_prefix("192.0.2.53/24").error().message,
            "\"192.0.2.53/24\" has bits set behind the prefix; the network is 192.0.2.0/24");
  EXPECT_FALSE(read_prefix("2001:db8:ffff::/33"));
}

TEST(Prefixes, Contain_addresses_of_their_own_version) {
  PrefixSet set;
  EXPECT_TRUE(set.empty());
  set.add(*read_prefix("192.0.2.128/25"));
  set.add(*read_prefix("::/0"));
  const auto has = [&](const char* address) { return set.contains(read_prefix(address)->address); };
  EXPECT_TRUE(has("192.0.2.128"));
  EXPECT_TRUE(has("192.0.2.255"));
  EXPECT_FALSE(has("192.0.2.127"));
  EXPECT_FALSE(has("0.0.0.0"));
  EXPECT_TRUE(has("2001:db8::1"));
}

}  // namespace
}  // namespace rata::reduce
