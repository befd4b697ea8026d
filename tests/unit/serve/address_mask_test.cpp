#include "serve/address_mask.h"

#include <gtest/gtest.h>

#include <utility>

namespace rata::serve {
namespace {

std::string masked(std::string json, Visibility visibility) {
  mask_addresses(json, visibility);
  return json;
}

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
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(masked_addresses(text, Visibility::none), expected);
  EXPECT_EQ(masked_addresses("192.0.2.77 A", Visibility::prefix), "192.0.2.0/24 A");
  EXPECT_EQ(masked_addresses("192.0.2.77/192.0.3.77", Visibility::prefix), "192.0.2.0/24");
}

TEST(AddressMask, LeavesNamesInsideOfATextAlone) {
  for (const char* text : {"192.0.2.1. A", "1.2.0.192.in-addr.arpa. PTR", "0/25.2.0.192.in-addr.arpa.",
                           "8.b.d.0.1.0.0.2.ip6.arpa.", "c0000281.example. A", "x-c0000281", "12:30:45"})
    EXPECT_EQ(masked_addresses(text, Visibility::none), text);
}

TEST(AddressMask, EscapesBelongToNoAddress) {
  EXPECT_EQ(masked(R"(["\b192.0.2.1","\u0009192.0.2.1","\\192.0.2.1"])", Visibility::none),
            R"(["\bhidden","\u0009hidden","\\hidden"])");
}

TEST(AddressMask, FindsThemInKeysAndValuesOfAJsonText) {
  const std::string json = R"({"192.0.2.1":{"a\"b":["2001:db8::1","x.example."],"n":12},"key":"c0000201"})";
  EXPECT_EQ(masked(json, Visibility::full), json);
  EXPECT_EQ(masked(json, Visibility::none), R"({"hidden":{"a\"b":["hidden","x.example."],"n":12},"key":"hidden"})");
  EXPECT_EQ(masked(R"(["a\\","192.0.2.1"])", Visibility::none), R"(["a\\","hidden"])");
}

TEST(AddressMask, SurvivesWhatIsNoJson) {
  for (const char* text : {"\"", "\"\\", "\"\\u0", "{\"192.0.2.1", "\"\"\"", "\\"}) masked(text, Visibility::none);
}

}  // namespace
}  // namespace rata::serve
