#include "serve/address_mask.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <utility>
#include <vector>

namespace rata::serve {
namespace {

TEST(AddressMask, KeepsNetworksOrNothing) {
  EXPECT_EQ(masked_addresses("192.0.2.129", Visibility::full), "192.0.2.129");
  EXPECT_EQ(masked_addresses("192.0.2.129", Visibility::prefix), "192.0.2.0/24");
  EXPECT_EQ(masked_addresses("2001:db8:1:2::3", Visibility::prefix), "2001:db8:1::/48");
  EXPECT_EQ(masked_addresses("c0000281", Visibility::prefix), "192.0.2.0/24");
  for (const char* address : {"192.0.2.129", "::1", "c0000281", "192.0.2.0/24", "::ffff:192.0.2.1"})
    EXPECT_EQ(masked_addresses(address, Visibility::none), "hidden") << address;
}

TEST(AddressMask, NetworksLoseWhatIsBeyond) {
  EXPECT_EQ(masked_addresses("192.0.2.16/28", Visibility::prefix), "192.0.2.0/24");
  EXPECT_EQ(masked_addresses("192.0.0.0/16", Visibility::prefix), "192.0.0.0/16");
  EXPECT_EQ(masked_addresses("2001:db8:1:2::/64", Visibility::prefix), "2001:db8:1::/48");
}

TEST(AddressMask, LeavesNamesAndNumbersAlone) {
  for (const char* text :
       {"www.example.", "192.0.2.1.", "1700000000.000000000", "a", "", "512-1023", "NOERROR", "UDP/53"})
    EXPECT_EQ(masked_addresses(text, Visibility::none), text);
}

TEST(AddressMask, NetworksOfFewBitsStayOnlyWhereTheyTellNoMore) {
  EXPECT_EQ(masked_addresses("192.0.2.77/1", Visibility::prefix), "192.0.2.0/24");
  EXPECT_EQ(masked_addresses("192.0.0.0/16.0.2.77", Visibility::prefix), "192.0.0.0/24");
  EXPECT_EQ(masked_addresses("2001:db8::/32", Visibility::prefix), "2001:db8::/32");
}

TEST(AddressMask, FindsThemInsideOfAText) {
  const std::pair<const char*, const char*> cases[] = {
      {"192.0.2.77 A", "hidden A"},
      {"example. 192.0.2.77 2001:db8::1", "example. hidden hidden"},
      {"client=192.0.2.77,ns-192.0.2.1", "client=hidden,ns-hidden"},
      {"192.0.2.77:53", "hidden:53"},
      {"a:192.0.2.77", "a:hidden"},
      {"[2001:db8::1]:53", "[hidden]:53"},
      {"fe80::1%eth0", "hidden%eth0"},
      {"http://192.0.2.77/x", "http://hidden/x"},
      {"c0000281 A", "hidden A"},
      {"A 20010db8000000000000000000000001", "A hidden"},
      {"x-c0000281", "x-hidden"},
      {"c000024d:53", "hidden:53"},
      {"UDP:c000024d,20010db8000000000000000000000001:53", "UDP:hidden,hidden:53"},
      {"2001:db8:1:2:3:4:5:6:53", "hidden"},
      {"53:2001:db8:1:2:3:4:5:6", "hidden"},
      {"UDP:2001:db8:1:2:3:4:5:6", "UDP:hidden"},
      {"192.0.2.77.53", "hidden"},
      {"192.0.2.77.5353", "hidden"},
      {"A.192.0.2.77", "A.hidden"},
      {"client=192.0.2.77.", "client=hidden."},
      {"192.0.2.77/24.", "hidden"},
      {"20010db8000000000000000000000001.192.0.2.77", "hidden"},
      {"192.0.2.77.20010db8000000000000000000000001", "hidden"},
      {"2001:db8::1.53", "hidden"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(masked_addresses(text, Visibility::none), expected);
  EXPECT_EQ(masked_addresses("192.0.2.77 A", Visibility::prefix), "192.0.2.0/24 A");
  EXPECT_EQ(masked_addresses("192.0.2.77/192.0.3.77", Visibility::prefix), "192.0.2.0/24");
}

TEST(AddressMask, LeavesNamesInsideOfATextAlone) {
  for (const char* text :
       {"192.0.2.1. A", "1.2.0.192.in-addr.arpa. PTR", "0/25.2.0.192.in-addr.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa.",
        "c0000281.example. A", "12:30:45", "00:00:5e:00:53:01", "2026-11-28T18:55:46.250"})
    EXPECT_EQ(masked_addresses(text, Visibility::none), text);
}

TEST(AddressMask, WhereItIsOpenWhatIsTheAddressNothingOfItIsSeen) {
  for (const char* text : {"192.0.2.77.53", "53.192.0.2.77", "2001:db8:1:2:3:4:5:6:53", "2001:db8::1:192.0.2.77:53",
                           "2001:db8::1:2001:db8::2", "a192.0.2.77"})
    EXPECT_EQ(masked_addresses(text, Visibility::prefix), "hidden") << text;
  EXPECT_EQ(masked_addresses("2002:c000:24d:1::1", Visibility::prefix), "2002:c000:200::/40");
  EXPECT_EQ(masked_addresses("::ffff:192.0.2.77", Visibility::prefix), "::/48");
}

using Groups = std::vector<std::string>;

std::string joined(const Groups& groups, const char* separator) {
  std::string text;
  for (const std::string& group : groups) text += (text.empty() ? "" : separator) + group;
  return text;
}

std::string hex_of(unsigned value, unsigned digits) { return fmt::format("{:0{}x}", value, digits); }

/// What an address looks like, and the groups of it of which nobody may see any.
struct Shape {
  std::string text;
  Groups host;
};

/// Each group is longer than those of a shown network, and there once, so that it can be told from them.
std::vector<Shape> any_address(std::mt19937& random) {
  const auto between = [&](unsigned least, unsigned most) {
    return least + static_cast<unsigned>(random() % (most - least + 1));
  };
  const unsigned host = between(100, 199);
  Groups four = {std::to_string(between(1, 9)), std::to_string(between(0, 9)), std::to_string(between(0, 9)),
                 std::to_string(host)};
  std::string four_hex;
  for (const std::string& octet : four) four_hex += hex_of(static_cast<unsigned>(std::stoul(octet)), 2);
  Groups eight, long_eight, end;
  for (int at = 0; at < 8; ++at) eight.push_back(hex_of(at < 3 ? between(1, 0xff) : between(0x1000, 0xffff), 1));
  for (const std::string& group : eight) long_eight.push_back(std::string(4 - group.size(), '0') + group);
  const Groups prefix(eight.begin(), eight.begin() + 3), six(eight.begin(), eight.begin() + 6);
  const Groups hidden(eight.begin() + 3, eight.end());
  const std::string dotted = joined(four, ".");
  std::vector<Shape> shapes = {
      {dotted, {four[3]}},
      {four_hex, {four_hex, four[3]}},
      {"::ffff:" + dotted, {four[3]}},
      {"0:0:0:0:0:ffff:" + dotted, {four[3]}},
      {joined(six, ":") + ":" + dotted, {four[3], eight[3], eight[4], eight[5]}},
      {joined(eight, ":"), hidden},
      {joined(long_eight, ":"), hidden},
      {joined(long_eight, ""), {joined(long_eight, ""), hidden[0], hidden[4]}},
      {joined(prefix, ":") + "::" + eight[7], {eight[7]}},
      {eight[0] + "::" + eight[6] + ":" + eight[7], {eight[6], eight[7]}},
      {joined(prefix, ":") + ":" + eight[3] + "::", {eight[3]}},
  };
  return shapes;
}

TEST(AddressMask, NoAddressComesThroughWhateverStandsBesideIt) {
  const char* const before[] = {"",   "A ", "UDP:", "udp-", "A.",  "53:",  "53.", "dead.", "client=", "[",
                                "a,", "\"", "::",   "TCP/", "10.", "7:8:", "(",   "x_",    "http://", "."};
  const char* const behind[] = {"",   " A",    ":53", ".53",  "]:53", "#53",   "/53",   "/53:53", "%eth0", ",A", ":A",
                                ".A", ".5353", "\"",  "-udp", "/",    ":53 A", ".53 A", ")",      "::",    "=9", "_"};
  std::mt19937 random(1);
  for (int turn = 0; turn < 200; ++turn) {
    for (const Shape& shape : any_address(random)) {
      for (const std::string first : before) {
        for (const std::string last : behind) {
          const std::string text = first + shape.text + last;
          const std::string none = masked_addresses(text, Visibility::none);
          ASSERT_EQ(none.find(shape.text), std::string::npos) << text << ": " << none;
          const std::string prefix = masked_addresses(text, Visibility::prefix);
          for (const std::string& group : shape.host) {
            ASSERT_EQ(none.find(group), std::string::npos) << text << ": " << none;
            ASSERT_EQ(prefix.find(group), std::string::npos) << text << ": " << prefix;
          }
        }
      }
    }
  }
}

/// What looked at the rest of the text at each octet would take an hour.
TEST(AddressMask, TakesNotLongerForAnOctetOfALongText) {
  const auto begun = std::chrono::steady_clock::now();
  for (const std::string part :
       {"1",       "a",        ".",         ":",         "/",    "1.",  "300.",     "1:",
        "::",      "1/",       "a-",        ".:",        "-1.",  " 1.", "1.2.3.4 ", "1.2.3.4/",
        "1.2.3.4", "1.2.3.4a", "c000024d:", "c000024d.", "::1/", "/1.", "1.2.3:",   "12345678:300."}) {
    std::string text;
    while (text.size() < 2'000'000) text += part;
    EXPECT_FALSE(masked_addresses(text, Visibility::prefix).empty());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
}

TEST(AddressMask, OctetsBeforeOneBelongToNone) {
  for (const char* before : {"\b", "\t", "\\", "\\u", "\"", "\xc3\xa4"})
    EXPECT_EQ(masked_addresses(std::string(before) + "192.0.2.1", Visibility::none), std::string(before) + "hidden");
}

}  // namespace
}  // namespace rata::serve
