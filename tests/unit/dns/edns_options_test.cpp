#include "dns/edns_options.h"

#include <gtest/gtest.h>

#include "unit/dns/samples.h"

namespace rata::dns {
namespace {

using namespace tests;

std::string text_of(unsigned code, const Octets& data, bool response = true) {
  std::string out;
  append_option({static_cast<std::uint16_t>(code), data}, response, out);
  return out;
}

TEST(EdnsOptions, Every_known_option_reads_as_text) {
  for (const OptionSample& sample : readable_options()) EXPECT_EQ(text_of(sample.code, sample.data), sample.text);
}

TEST(EdnsOptions, Data_that_break_the_rules_of_their_option_are_shown_with_the_rule) {
  const struct {
    unsigned code;
    Octets data;
    const char* text;
  } cases[] = {
      // RFC 7871 section 6
      {8, hex("000118"), "ECS: 000118 (shorter than four octets)"},
      {8, hex("0003 00 00"), "ECS: 00030000 (unknown address family)"},
      {8, hex("0001 21 00 c000020101"), "ECS: 00012100c000020101 (source prefix longer than an address)"},
      {8, hex("0001 18 21 c00002"), "ECS: 00011821c00002 (scope prefix longer than an address)"},
      {8, hex("0001 18 00 c0000201"), "ECS: 00011800c0000201 (not as many address octets as the source prefix needs)"},
      {8, hex("0001 17 00 c00003"), "ECS: 00011700c00003 (bits behind the source prefix)"},
      {8, hex("0000 08 00 c0"), "ECS: 00000800c0 (source prefix longer than an address)"},
      // The others
      {9, hex("00"), "EXPIRE: 00 (neither empty nor four octets)"},
      {10, hex("01020304"), "COOKIE: 01020304 (client cookie shorter than eight octets)"},
      {10, {}, "COOKIE: (client cookie shorter than eight octets)"},
      {10, hex("0102030405060708 09"), "COOKIE: 010203040506070809 (server cookie not of 8 to 32 octets)"},
      {11, hex("00"), "TCP-KEEPALIVE: 00 (neither empty nor two octets)"},
      {13, to_question, "CHAIN: c00c (no domain name)"},
      {14, hex("00"), "KEY-TAG: 00 (not two octets a key tag)"},
      {15, hex("00"), "EDE: 00 (shorter than two octets)"},
      {18, hex("0000"), "REPORT-CHANNEL: 0000 (octets behind the name)"},
      {19, hex("02"), "ZONEVERSION: 02 (shorter than two octets)"},
      {19, hex("020000"), "ZONEVERSION: 020000 (a serial number not of four octets)"},
  };
  for (const auto& test : cases) EXPECT_EQ(text_of(test.code, test.data), test.text);
}

TEST(EdnsOptions, Queries_must_leave_to_the_response_what_is_its_own) {
  EXPECT_EQ(text_of(8, hex("0001 18 18 c00002"), false), "ECS: 00011818c00002 (a scope in a query)");
  EXPECT_EQ(text_of(19, hex("02 00 00000042"), false), "ZONEVERSION: 020000000042 (not empty in a query)");
}

TEST(EdnsOptions, The_walk_ends_where_the_list_breaks_off) {
  const struct {
    const char* why;
    Octets options;
    unsigned count;
    bool broken;
    std::size_t left;
  } cases[] = {
      {"none", {}, 0, false, 0},
      {"two", option(3, {}) + option(10, hex("0102030405060708")), 2, false, 0},
      {"half a code", option(3, {}) + hex("00"), 1, true, 1},
      {"no length", option(3, {}) + hex("000a"), 1, true, 2},
      {"a length beyond the end", option(3, {}) + hex("000a 0002 01"), 1, true, 5},
  };
  for (const auto& test : cases) {
    OptionWalk walk(test.options);
    EdnsOption option;
    unsigned count = 0;
    while (walk.next(option)) ++count;
    EXPECT_EQ(count, test.count) << test.why;
    EXPECT_EQ(walk.broken(), test.broken) << test.why;
    EXPECT_EQ(walk.octets_left(), test.left) << test.why;
    EXPECT_FALSE(walk.next(option)) << test.why;
  }
}

TEST(EdnsOptions, Codes_without_a_name_show_their_number) {
  EXPECT_EQ(edns_option_text(3), "NSID");
  EXPECT_EQ(edns_option_text(4), "OPT4");
  EXPECT_EQ(ede_text(30), "Invalid Query Type");
  EXPECT_EQ(ede_text(31), "");
}

}  // namespace
}  // namespace rata::dns
