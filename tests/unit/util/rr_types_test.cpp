#include "util/rr_types.h"

#include <gtest/gtest.h>

namespace rata::util {
namespace {

TEST(RrTypes, CodesAndMnemonicsAreThoseOfIana) {
  const std::pair<std::uint16_t, const char*> known[] = {
      // The ends of each assigned run, where a slip of the table would show.
      {1, "A"},
      {28, "AAAA"},
      {33, "SRV"},
      {41, "OPT"},
      {53, "SMIMEA"},
      {55, "HIP"},
      {60, "CDNSKEY"},
      {61, "OPENPGPKEY"},
      {64, "SVCB"},
      {65, "HTTPS"},
      {68, "BRID"},
      {99, "SPF"},
      {109, "EUI64"},
      {128, "NXNAME"},
      {249, "TKEY"},
      {250, "TSIG"},
      {251, "IXFR"},
      {252, "AXFR"},
      {255, "ANY"},
      {257, "CAA"},
      {264, "IPN"},
      {32768, "TA"},
      {32769, "DLV"},
      // Names with a hyphen or a digit.
      {23, "NSAP-PTR"},
      {38, "A6"},
      {50, "NSEC3"},
      {105, "L32"}};
  for (const auto& [code, text] : known) {
    EXPECT_EQ(rr_type_text(code), text);
    EXPECT_EQ(rr_type_from_text(text), code);
  }
}

TEST(RrTypes, ACodeWithoutNamePrintsAsANumber) {
  EXPECT_EQ(rr_type_text(0), "TYPE0");
  EXPECT_EQ(rr_type_text(54), "TYPE54");
  EXPECT_EQ(rr_type_text(65280), "TYPE65280");
  EXPECT_EQ(rr_type_text(65535), "TYPE65535");
}

TEST(RrTypes, EveryCodeReadsBackFromItsText) {
  for (std::uint32_t code = 0; code <= 65535; ++code)
    ASSERT_EQ(rr_type_from_text(rr_type_text(static_cast<std::uint16_t>(code))), code);
}

TEST(RrTypes, EitherCaseIsReadAndTheNumberOfANamedTypeToo) {
  EXPECT_EQ(rr_type_from_text("aaaa"), 28);
  EXPECT_EQ(rr_type_from_text("type28"), 28);
}

TEST(RrTypes, OtherTextsAreRefused) {
  for (const char* text : {"", "*", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "TYPE 1", "AAAAA", "1"})
    EXPECT_EQ(rr_type_from_text(text), std::nullopt) << text;
}

}  // namespace
}  // namespace rata::util
