#include "serve/address_mask.h"

#include <gtest/gtest.h>

namespace rata::serve {
namespace {

std::string masked(std::string json, Visibility visibility) {
  mask_addresses(json, visibility);
  return json;
}

TEST(AddressMask, KeepsNetworksOrNothing) {
  EXPECT_EQ(masked_address("192.0.2.129", Visibility::full), "192.0.2.129");
  EXPECT_EQ(masked_address("192.0.2.129", Visibility::prefix), "192.0.2.0/24");
  EXPECT_EQ(masked_address("2001:db8:1:2::3", Visibility::prefix), "2001:db8:1::/48");
  EXPECT_EQ(masked_address("c0000281", Visibility::prefix), "192.0.2.0/24");
  for (const char* address : {"192.0.2.129", "::1", "c0000281", "192.0.2.0/24", "::ffff:192.0.2.1"})
    EXPECT_EQ(masked_address(address, Visibility::none), "hidden") << address;
}

TEST(AddressMask, NetworksLoseWhatIsBeyond) {
  EXPECT_EQ(masked_address("192.0.2.16/28", Visibility::prefix), "192.0.2.0/24");
  EXPECT_EQ(masked_address("192.0.0.0/16", Visibility::prefix), "192.0.0.0/16");
  EXPECT_EQ(masked_address("2001:db8:1:2::/64", Visibility::prefix), "2001:db8:1::/48");
}

TEST(AddressMask, LeavesNamesAndNumbersAlone) {
  for (const char* text :
       {"www.example.", "192.0.2.1.", "1700000000.000000000", "a", "", "512-1023", "NOERROR", "UDP/53"})
    EXPECT_EQ(masked_address(text, Visibility::none), text);
}

TEST(AddressMask, FindsThemInKeysAndValuesOfAJsonText) {
  const std::string json = R"({"192.0.2.1":{"a\"b":["2001:db8::1","x.example."],"n":12},"key":"c0000201"})";
  EXPECT_EQ(masked(json, Visibility::full), json);
  EXPECT_EQ(masked(json, Visibility::none), R"({"hidden":{"a\"b":["hidden","x.example."],"n":12},"key":"hidden"})");
  EXPECT_EQ(masked(R"(["a\\","192.0.2.1"])", Visibility::none), R"(["a\\","hidden"])");
}

TEST(AddressMask, SurvivesWhatIsNoJson) {
  for (const char* text : {"\"", "\"\\", "{\"192.0.2.1", "\"\"\"", "\\"}) masked(text, Visibility::none);
}

}  // namespace
}  // namespace rata::serve
