#include "serve/address_mask.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace rata::serve {
namespace {

using Json = nlohmann::ordered_json;

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

TEST(AddressMask, OctetsBeforeOneBelongToNone) {
  for (const char* before : {"\b", "\t", "\\", "\\u", "\"", "\xc3\xa4"})
    EXPECT_EQ(masked_addresses(std::string(before) + "192.0.2.1", Visibility::none), std::string(before) + "hidden");
}

/// Three clients, of which two are of one network, and what they ask for.
const char* const clients = R"({"processor":"top_clients","kind":"table","server":"192.0.2.53","key":"client",)"
                            R"("part":"qtype","total":20,"distinct":5,"distinct_is_bound":false,"rows":[)"
                            R"({"key":"198.51.100.1","queries":8,"share":40,"parts":[{"key":"A","queries":8}],)"
                            R"("parts_rest":{"keys":0,"queries":0}},)"
                            R"({"key":"192.0.2.1","queries":6,"share":30,"parts":[{"key":"MX","queries":3},)"
                            R"({"key":"A","queries":2}],"parts_rest":{"keys":1,"queries":1}},)"
                            R"({"key":"192.0.2.2","queries":3,"share":15,"parts":[{"key":"A","queries":2}],)"
                            R"("parts_rest":{"keys":1,"queries":1}}],"rest":{"keys":2,"queries":3}})";

Json shown(std::string view, Visibility visibility) {
  return Json::parse(masked_view(std::move(view), visibility).value());
}

TEST(MaskedView, RowsThatBecomeTheSameAreOneWithTheirSum) {
  EXPECT_EQ(masked_view(clients, Visibility::full), clients);
  const Json view = shown(clients, Visibility::prefix);
  EXPECT_EQ(view["rows"], Json::parse(R"([{"key":"192.0.2.0/24","queries":9,"share":45.0,)"
                                      R"("parts":[{"key":"A","queries":4},{"key":"MX","queries":3}],)"
                                      R"("parts_rest":{"keys":2,"queries":2}},)"
                                      R"({"key":"198.51.100.0/24","queries":8,"share":40.0,)"
                                      R"("parts":[{"key":"A","queries":8}],"parts_rest":{"keys":0,"queries":0}}])"));
  EXPECT_EQ(view["rest"], Json::parse(R"({"keys":2,"queries":3})"));
  EXPECT_EQ(view["distinct"], 4);  // what is shown, and the rest: at most
  EXPECT_EQ(view["distinct_is_bound"], true);
  EXPECT_EQ(view["server"], "192.0.2.53");  // of no client

  const Json hidden = shown(clients, Visibility::none);
  ASSERT_EQ(hidden["rows"].size(), 1u);
  EXPECT_EQ(hidden["rows"][0]["key"], "hidden");
  EXPECT_EQ(hidden["rows"][0]["queries"], 17);
  EXPECT_EQ(hidden["rows"][0]["share"], 85);
  EXPECT_EQ(hidden["rows"][0]["parts"].dump(), R"([{"key":"A","queries":12},{"key":"MX","queries":3}])");
}

TEST(MaskedView, PartsThatBecomeTheSameAreOneAndTheCountOfKeysStaysExact) {
  const std::string names = R"({"kind":"table","key":"qname","total":9,"distinct":1,"distinct_is_bound":false,"rows":[)"
                            R"({"key":"www.example.","count":9,"share":100,"parts":[{"key":"192.0.2.9","count":4},)"
                            R"({"key":"2001:db8::1","count":3},{"key":"192.0.2.1","count":2}],)"
                            R"("parts_rest":{"keys":0,"count":0}}],"rest":{"keys":0,"count":0}})";
  const Json view = shown(names, Visibility::prefix);
  EXPECT_EQ(view["rows"][0]["parts"].dump(), R"([{"key":"192.0.2.0/24","count":6},{"key":"2001:db8::/48","count":3}])");
  EXPECT_EQ(view["distinct"], 1);
  EXPECT_EQ(view["distinct_is_bound"], false);
}

TEST(MaskedView, OnlyTablesAreTouched) {
  for (const std::string view : {R"({"kind":"rates","servers":[{"server":"192.0.2.53"}]})",
                                 R"({"kind":"merged","data":{"x":{"kind":"table","192.0.2.1":1}}})"})
    EXPECT_EQ(masked_view(view, Visibility::none), view);
  EXPECT_EQ(masked_view(R"({"kind":"table","192.0.2.1)", Visibility::none), std::nullopt);
}

}  // namespace
}  // namespace rata::serve
