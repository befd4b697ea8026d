#include "dns/name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dns/codes.h"
#include "dns/records.h"

namespace rata::dns {
namespace {

using Octets = std::vector<std::uint8_t>;

TEST(DnsName, Presentation_form_is_plain_ascii_with_every_octet_told) {
  const struct {
    Octets wire;
    std::string text;
  } cases[] = {
      {{0}, "."},
      {{3, 'w', 'W', 'w', 2, 'c', 'l', 0}, "wWw.cl."},
      {{3, 'a', '_', '-', 0}, "a_-."},
      // What zone files give a meaning to
      {{9, '"', '$', '(', ')', '.', ';', '@', '\\', '*', 0}, R"(\034\036\040\041\046\059\064\092*.)"},
      // What is not printable
      {{6, 0, ' ', 0x7f, 0x80, 0xc3, 0xff, 0}, R"(\000\032\127\128\195\255.)"},
      {{1, '\n', 0}, R"(\010.)"},
  };
  for (const auto& test : cases) EXPECT_EQ(name_text(test.wire), test.text);
}

TEST(DnsName, Folding_changes_ascii_capitals_and_nothing_else) {
  for (unsigned first = 0; first < 256; ++first) {
    Octets wire(21, static_cast<std::uint8_t>(first));
    wire[20] = 'Q';
    std::uint8_t folded[24];
    fold_case(wire, folded);
    const auto expected = static_cast<std::uint8_t>(first >= 'A' && first <= 'Z' ? first + 32 : first);
    for (std::size_t i = 0; i < 20; ++i) ASSERT_EQ(folded[i], expected) << first;
    ASSERT_EQ(folded[20], 'q');
  }
}

TEST(DnsName, Compressed_names_are_read_and_loops_refused) {
  Octets message(12);
  const Octets rest = {2,    'n', 's',  0,   // 12: ns.
                       1,    'a', 0xc0, 12,  // 16: a.ns.
                       0xc0, 16,             // 20: a.ns.
                       0xc0, 22,             // 22: itself
                       1,    'b', 0xc0, 24,  // 24: into its own run
                       0xc0, 30,  0,         // 28: forward
                       0x80,                 // 31: no label type
                       5,    'c'};           // 32: cut
  message.insert(message.end(), rest.begin(), rest.end());
  const struct {
    std::size_t at;
    const char* text;  // nullptr: refused
    std::size_t end;
  } cases[] = {{12, "ns.", 16},  {16, "a.ns.", 20}, {20, "a.ns.", 22}, {22, nullptr, 0}, {24, nullptr, 0},
               {28, nullptr, 0}, {31, nullptr, 0},  {32, nullptr, 0},  {34, nullptr, 0}};
  for (const auto& test : cases) {
    std::size_t at = test.at;
    std::string text;
    EXPECT_EQ(read_name(message, at, text), test.text != nullptr) << test.at;
    if (test.text == nullptr) continue;
    EXPECT_EQ(text, test.text);
    EXPECT_EQ(at, test.end);
  }
}

TEST(DnsName, A_chain_of_pointers_cannot_make_a_name_over_255_octets) {
  Octets message(12);
  std::size_t before = 0;
  for (int i = 0; i < 10; ++i) {
    const std::size_t here = message.size();
    message.push_back(63);
    message.insert(message.end(), 63, 'x');
    if (i == 0)
      message.push_back(0);
    else
      message.insert(message.end(), {static_cast<std::uint8_t>(0xc0 | before >> 8), static_cast<std::uint8_t>(before)});
    std::size_t at = here;
    std::string text;
    EXPECT_EQ(read_name(message, at, text), i < 3) << i;
    before = here;
  }
}

TEST(DnsRecords, Sections_are_read_up_to_the_first_broken_record) {
  const Octets octets = {0,    1,    0x84, 0, 0,  1, 0, 2, 0, 1,  0,  0,  // one question, two answers, one authority
                         2,    'C',  'L',  0, 0,  2, 0, 1,                // CL. NS IN
                         0xc0, 12,   0,    2, 0,  1, 0, 0, 0, 60, 0,  4, 1,   'a', 0xc0,
                         12,   0xc0, 12,   0, 16, 0, 1, 0, 0, 0,  60, 0, 2,   1,   0xff,
                         0xc0, 12,   0,    1, 0,  1, 0, 0, 0, 60, 0,  4, 192, 0};  // cut
  Message message;
  ASSERT_EQ(parse(octets, message), Malformed::none);
  EXPECT_TRUE(message.broken_records);
  const Sections sections = read_sections(message);
  ASSERT_EQ(sections.questions.size(), 1u);
  EXPECT_EQ(sections.questions[0].qname, "CL.");
  ASSERT_EQ(sections.answers.size(), 2u);
  EXPECT_EQ(sections.answers[0].name_in_rdata, "a.CL.");
  EXPECT_EQ(sections.answers[0].ttl, 60u);
  EXPECT_EQ(sections.answers[1].name_in_rdata, "");
  EXPECT_EQ(sections.answers[1].rdata.size(), 2u);
  EXPECT_TRUE(sections.authorities.empty());
}

TEST(DnsCodes, Known_numbers_have_mnemonics_and_others_their_number) {
  EXPECT_EQ(opcode_text(0), "QUERY");
  EXPECT_EQ(opcode_text(3), "OPCODE3");
  EXPECT_EQ(opcode_text(6), "DSO");
  EXPECT_EQ(opcode_text(9), "OPCODE9");
  EXPECT_EQ(rcode_text(3), "NXDOMAIN");
  EXPECT_EQ(rcode_text(12), "RCODE12");
  EXPECT_EQ(rcode_text(16), "BADVERS");
  EXPECT_EQ(rcode_text(23), "BADCOOKIE");
  EXPECT_EQ(rcode_text(24), "RCODE24");
  EXPECT_EQ(class_text(1), "IN");
  EXPECT_EQ(class_text(3), "CH");
  EXPECT_EQ(class_text(7), "CLASS7");
}

}  // namespace
}  // namespace rata::dns
