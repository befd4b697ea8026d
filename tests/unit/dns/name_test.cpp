#include "dns/name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dns/codes.h"

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

TEST(DnsName, Folding_leaves_no_octet_out_and_touches_none_beyond) {
  for (std::size_t length = 1; length <= 40; ++length) {
    const Octets wire(length, 'Q');
    Octets folded(length + 8, '?');
    fold_case(wire, folded.data());
    for (std::size_t i = 0; i < folded.size(); ++i) ASSERT_EQ(folded[i], i < length ? 'q' : '?') << length;
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
    NameFault fault;
  } cases[] = {{12, "ns.", 16, NameFault::none},
               {16, "a.ns.", 20, NameFault::none},
               {20, "a.ns.", 22, NameFault::none},
               {22, nullptr, 0, NameFault::pointer_not_backwards},
               {24, nullptr, 0, NameFault::pointer_not_backwards},
               {28, nullptr, 0, NameFault::pointer_not_backwards},
               {31, nullptr, 0, NameFault::bad_label_type},
               {32, nullptr, 0, NameFault::cut},
               {34, nullptr, 0, NameFault::cut}};
  for (const auto& test : cases) {
    std::size_t at = test.at;
    std::string text;
    EXPECT_EQ(read_name(message, at, text), test.fault) << test.at;
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
    EXPECT_EQ(read_name(message, at, text), i < 3 ? NameFault::none : NameFault::too_long) << i;
    before = here;
  }
}

TEST(DnsName, A_name_has_at_most_127_pointers) {
  // "a." with a chain of pointers to pointers behind it
  Octets message(12);
  message.insert(message.end(), {1, 'a', 0});
  std::size_t before = 12;
  for (unsigned pointers = 1; pointers < 200; ++pointers) {
    std::size_t at = message.size();
    message.insert(message.end(), {static_cast<std::uint8_t>(0xc0 | before >> 8), static_cast<std::uint8_t>(before)});
    before = at;
    std::string text;
    EXPECT_EQ(read_name(message, at, text), pointers <= 127 ? NameFault::none : NameFault::too_many_pointers);
    EXPECT_EQ(at, message.size()) << pointers;
    EXPECT_EQ(text, pointers <= 127 ? "a." : "");
  }
}

TEST(DnsName, A_name_of_127_labels_may_have_a_pointer_behind_each) {
  Octets message(12);
  message.insert(message.end(), {1, 'x', 0});
  std::size_t before = 12;
  for (unsigned labels = 2; labels <= 127; ++labels) {
    std::size_t at = message.size();
    message.insert(message.end(),
                   {1, 'x', static_cast<std::uint8_t>(0xc0 | before >> 8), static_cast<std::uint8_t>(before)});
    before = at;
    std::string text;
    EXPECT_EQ(read_name(message, at, text), NameFault::none) << labels;
    EXPECT_EQ(text.size(), 2 * labels);
  }
}

TEST(DnsName, Where_compression_is_refused_a_pointer_is_a_fault) {
  const Octets message = {1, 'a', 0, 1, 'b', 0xc0, 0};
  std::size_t at = 3;
  std::string text;
  EXPECT_EQ(read_name(message, at, text, Compression::refused), NameFault::compressed);
  text.clear();
  at = 0;
  EXPECT_EQ(read_name(message, at, text, Compression::refused), NameFault::none);
  EXPECT_EQ(text, "a.");
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
