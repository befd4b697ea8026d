#include "util/encoding.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace rata::util {
namespace {

using Octets = std::vector<std::uint8_t>;

template <typename Append>
std::string text_of(std::string_view letters, Append append) {
  std::string out;
  append(Octets(letters.begin(), letters.end()), out);
  return out;
}

TEST(Encoding, The_test_vectors_of_rfc_4648_come_out) {
  const struct {
    const char *octets, *base64, *base32hex, *hex;
  } cases[] = {
      {"", "", "", ""},
      {"f", "Zg==", "CO", "66"},
      {"fo", "Zm8=", "CPNG", "666f"},
      {"foo", "Zm9v", "CPNMU", "666f6f"},
      {"foob", "Zm9vYg==", "CPNMUOG", "666f6f62"},
      {"fooba", "Zm9vYmE=", "CPNMUOJ1", "666f6f6261"},
      {"foobar", "Zm9vYmFy", "CPNMUOJ1E8", "666f6f626172"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(text_of(test.octets, append_base64), test.base64);
    EXPECT_EQ(text_of(test.octets, append_base32hex), test.base32hex);
    EXPECT_EQ(text_of(test.octets, append_hex), test.hex);
  }
}

TEST(Encoding, Escaped_text_is_printable_and_can_stand_between_quotes) {
  EXPECT_EQ(text_of("a \"b\" \\ \n\x7f\xff", append_escaped), R"(a \"b\" \\ \010\127\255)");
}

}  // namespace
}  // namespace rata::util
