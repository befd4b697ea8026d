#include "util/domain_name.h"

#include <gtest/gtest.h>

#include <string>

namespace rata::util {
namespace {

using Wire = std::vector<std::uint8_t>;

TEST(DomainName, Is_written_with_or_without_the_final_dot_and_with_escapes) {
  const struct {
    const char* text;
    Wire wire;
  } cases[] = {
      {".", {0}},
      {"", {0}},
      {"ab.", {2, 'a', 'b', 0}},
      {"aB.c", {2, 'a', 'B', 1, 'c', 0}},
      {"a\\.b.", {3, 'a', '.', 'b', 0}},
      {"\\000\\255.", {2, 0, 255, 0}},
      {"\\\\.", {1, '\\', 0}},
      {"\xc3\xa9.", {2, 0xc3, 0xa9, 0}},
  };
  for (const auto& one : cases) {
    Wire wire = {9};  // appended to
    EXPECT_TRUE(append_wire_name(one.text, wire)) << one.text;
    wire.erase(wire.begin());
    EXPECT_EQ(wire, one.wire) << one.text;
  }
}

TEST(DomainName, The_longest_label_and_name_fit_and_no_longer_ones) {
  const std::string label(63, 'a'), last(61, 'b');
  const std::string longest = label + "." + label + "." + label + "." + last;
  Wire wire;
  EXPECT_TRUE(append_wire_name(longest, wire));
  EXPECT_EQ(wire.size(), 255u);
  EXPECT_FALSE(append_wire_name(longest + "b", wire));
  EXPECT_FALSE(append_wire_name(label + "a", wire));
}

TEST(DomainName, What_is_no_name_is_refused) {
  for (const char* text : {"..", ".a", "a..b", "a..", "\\", "a\\", "\\25", "\\2", "\\256.", "\\1a1."}) {
    Wire wire;
    EXPECT_FALSE(append_wire_name(text, wire)) << text;
  }
}

}  // namespace
}  // namespace rata::util
