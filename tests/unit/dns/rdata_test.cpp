#include "dns/rdata.h"

#include <gtest/gtest.h>

#include <set>

#include "dns/rdata_layout.h"
#include "unit/dns/samples.h"

namespace rata::dns {
namespace {

using namespace tests;

/// The text of rdata in a message behind the question "example."; `readable`: as its type.
std::string text_of(unsigned type, const Octets& rdata, bool& readable, unsigned rr_class = 1) {
  const Octets before = header(0x8400, 1, 1) + question("example", type);
  const Octets message = before + rdata;
  std::string out = "before ";
  readable = append_rdata(
      {message, before.size(), rdata.size(), static_cast<std::uint16_t>(type), static_cast<std::uint16_t>(rr_class)},
      out);
  EXPECT_TRUE(out.starts_with("before "));
  return out.substr(7);
}

TEST(DnsRdata, Every_type_reads_in_its_presentation_form) {
  std::set<unsigned> seen;
  for (const RdataSample& sample : readable_rdata()) {
    bool readable = false;
    EXPECT_EQ(text_of(sample.type, sample.rdata, readable), sample.text) << sample.type;
    EXPECT_TRUE(readable) << sample.type;
    seen.insert(sample.type);
  }
  for (unsigned type = 0; type < 65536; ++type)
    EXPECT_EQ(seen.contains(type), find_layout(static_cast<std::uint16_t>(type)) != nullptr) << type;
}

TEST(DnsRdata, What_does_not_read_as_its_type_is_shown_as_octets) {
  const struct {
    const char* why;
    unsigned type;
    Octets rdata;
    std::string text;
  } cases[] = {
      {"a type without layout", 65280, hex("abcdef"), R"(\# 3 abcdef)"},
      {"nothing", 1, {}, R"(\# 0)"},
      // Too short, too long
      {"three octets of four", 1, hex("c00002"), R"(\# 3 c00002)"},
      {"five octets of four", 1, hex("c000020101"), R"(\# 5 c000020101)"},
      {"half a preference", 15, hex("00"), R"(\# 1 00)"},
      {"a string cut", 16, hex("0361"), R"(\# 2 0361)"},
      {"no digest", 43, hex("30390d02"), R"(\# 4 30390d02)"},
      {"no key", 48, hex("0100030d"), R"(\# 4 0100030d)"},
      // Names
      {"a name that ends behind rdata", 2, hex("0161"), R"(\# 2 0161)"},
      {"a pointer to itself", 2, {0xc0, 25}, R"(\# 2 c019)"},
      {"octets behind the name", 5, {0, 0}, R"(\# 2 0000)"},
      {"compressed in DNAME", 39, to_question, R"(\# 2 c00c)"},
      {"compressed in NSEC", 47, to_question + hex("000140"), R"(\# 5 c00c000140)"},
      {"compressed in SVCB", 64, u16(0) + to_question, R"(\# 4 0000c00c)"},
      // Bitmaps: windows ascend, of 1 to 32 octets
      {"an empty window", 47, hex("00 0000"), R"(\# 3 000000)"},
      {"windows that go back", 47, hex("00 010140 000140"), R"(\# 7 00010140000140)"},
      // SVCB
      {"keys that do not ascend", 65, hex("0001 00 0003000201bb 0003000201bb"),
       R"(\# 15 0001000003000201bb0003000201bb)"},
      {"a port of three octets", 65, hex("0001 00 0003 0003 01bb00"), R"(\# 10 0001000003000301bb00)"},
      {"no address in a hint", 65, hex("0001 00 0004 0000"), R"(\# 7 00010000040000)"},
      {"a value where none belongs", 65, hex("0001 00 0002 0001 00"), R"(\# 8 0001000002000100)"},
      {"an empty ALPN", 65, hex("0001 00 0001 0001 00"), R"(\# 8 0001000001000100)"},
      {"mandatory itself as mandatory", 65, hex("0001 00 0000 0002 0000"), R"(\# 9 000100000000020000)"},
      // Others
      {"a LOC of another version", 29, hex("01121613 80000000 80000000 00989680"),
       R"(\# 16 01121613800000008000000000989680)"},
      {"a latitude beyond the pole", 29, hex("00121613 ffffffff 80000000 00989680"),
       R"(\# 16 00121613ffffffff8000000000989680)"},
      {"a size without digit", 29, hex("00a21613 80000000 80000000 00989680"),
       R"(\# 16 00a21613800000008000000000989680)"},
      {"a CAA tag with a blank", 257, Octets{0} + counted(text("a b")) + text("c"), R"(\# 6 000361206263)"},
      {"an unknown gateway type", 45, hex("0a0400"), R"(\# 3 0a0400)"},
      {"an unknown address family", 42, hex("0003 18 00"), R"(\# 4 00031800)"},
      {"a prefix longer than an address", 42, hex("0001 21 00"), R"(\# 4 00012100)"},
  };
  for (const auto& test : cases) {
    bool readable = true;
    EXPECT_EQ(text_of(test.type, test.rdata, readable), test.text) << test.why;
    EXPECT_FALSE(readable) << test.why;
  }
}

std::string hex_of(unsigned type, const Octets& rdata) {
  const Octets before = header(0x8400, 1, 1) + question("example", type);
  const Octets message = before + rdata;
  std::string out;
  append_rdata_hex({message, before.size(), rdata.size(), static_cast<std::uint16_t>(type), 1}, out);
  return out;
}

TEST(DnsRdata, In_hexadecimal_every_type_says_the_same_in_any_message) {
  for (const RdataSample& sample : readable_rdata()) {
    const Octets alone = hex(hex_of(sample.type, sample.rdata));
    std::string out;
    EXPECT_TRUE(append_rdata({alone, 0, alone.size(), static_cast<std::uint16_t>(sample.type), 1}, out)) << sample.type;
    EXPECT_EQ(out, sample.text) << sample.type;
  }
}

TEST(DnsRdata, In_hexadecimal_what_does_not_read_as_its_type_stands_as_it_came) {
  EXPECT_EQ(hex_of(15, u16(10) + to_question), "000a076578616d706c6500");
  EXPECT_EQ(hex_of(15, u16(10) + to_question + Octets{0}), "000ac00c00") << "an octet behind the name";
  EXPECT_EQ(hex_of(5, {0xc0, 0xff}), "c0ff") << "a pointer beyond";
  EXPECT_EQ(hex_of(6, to_question + to_question + u32(1)), "c00cc00c00000001") << "numbers missing";
  EXPECT_EQ(hex_of(24, hex("0001 0d 02 00000e10 65a4f3c0 659b7b40 3039") + to_question),
            "00010d0200000e1065a4f3c0659b7b403039c00c")
      << "no signature";
  EXPECT_EQ(hex_of(5, {}), "");
  EXPECT_EQ(hex_of(39, to_question), "c00c") << "compressed in DNAME";
  EXPECT_EQ(hex_of(65280, to_question), "c00c") << "a type without layout";
}

TEST(DnsRdata, In_the_class_chaos_an_a_record_is_no_address) {
  bool readable = true;
  EXPECT_EQ(text_of(1, hex("c0000201"), readable, 3), R"(\# 4 c0000201)");
  EXPECT_FALSE(readable);
  EXPECT_EQ(text_of(16, counted(text("9.20")), readable, 3), R"("9.20")");
  EXPECT_TRUE(readable);
}

}  // namespace
}  // namespace rata::dns
