#include "dns/message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rata::dns {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets operator+(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Octets header(std::uint16_t flags, std::uint8_t questions, std::uint8_t answers = 0, std::uint8_t additionals = 0) {
  return {0x1a,
          0x2b,
          static_cast<std::uint8_t>(flags >> 8),
          static_cast<std::uint8_t>(flags),
          0,
          questions,
          0,
          answers,
          0,
          0,
          0,
          additionals};
}

const Octets example = {7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0};
const Octets type_a_in = {0, 1, 0, 1};
const Octets opt_record = {0, 0, 41, 0x04, 0xd0, 0x01, 0, 0x80, 0, 0, 4, 0, 10, 0, 0};  // 1232, BADVERS' bits, DO

TEST(DnsMessage, Header_question_and_opt_are_read) {
  const Octets octets = header(0x8583, 1, 0, 1) + example + type_a_in + opt_record;
  Message message;
  ASSERT_EQ(parse(octets, message), Malformed::none);
  EXPECT_EQ(message.id, 0x1a2b);
  EXPECT_TRUE(message.is_response());
  EXPECT_TRUE(message.authoritative());
  EXPECT_TRUE(message.recursion_desired());
  EXPECT_FALSE(message.truncated());
  EXPECT_EQ(message.opcode(), 0);
  EXPECT_EQ(message.header_rcode(), 3);
  EXPECT_EQ(message.rcode(), 19);  // one in the upper eight bits
  EXPECT_EQ(message.qname.size(), example.size());
  EXPECT_EQ(message.qtype, 1);
  EXPECT_EQ(message.qclass, 1);
  EXPECT_TRUE(message.edns.present);
  EXPECT_TRUE(message.edns.dnssec_ok);
  EXPECT_EQ(message.edns.udp_size, 1232);
  EXPECT_EQ(message.edns.options.size(), 4u);
  EXPECT_FALSE(message.broken_records);
}

TEST(DnsMessage, What_keeps_a_message_from_being_one_is_named) {
  const Octets long_label(63, 'a');
  Octets too_long;
  for (int i = 0; i < 5; ++i) too_long = too_long + Octets{63} + long_label;
  const struct {
    const char* why;
    Octets octets;
    Malformed expected;
  } cases[] = {
      {"nothing at all", {}, Malformed::short_header},
      {"eleven octets", Octets(11), Malformed::short_header},
      // The qname
      {"no qname", header(0, 1), Malformed::cut_name},
      {"a label longer than what is left", header(0, 1) + Octets{63, 's', 'h', 'o', 'r', 't', 0, 0, 1, 0, 1},
       Malformed::cut_name},
      {"no root label", header(0, 1) + Octets{2, 'c', 'l'}, Malformed::cut_name},
      {"first bits 01", header(0, 1) + Octets{0x41, 0, 0, 1, 0, 1}, Malformed::bad_label_type},
      {"first bits 10", header(0, 1) + Octets{0x80, 0, 0, 1, 0, 1}, Malformed::bad_label_type},
      {"a pointer to itself", header(0, 1) + Octets{0xc0, 12, 0, 1, 0, 1}, Malformed::pointer_in_question},
      {"a pointer into the header", header(0, 1) + Octets{0xc0, 4, 0, 1, 0, 1}, Malformed::pointer_in_question},
      {"a label, then a pointer", header(0, 1) + Octets{2, 'c', 'l', 0xc0, 12, 0, 1, 0, 1},
       Malformed::pointer_in_question},
      {"over 255 octets", header(0, 1) + too_long + Octets{0, 0, 1, 0, 1}, Malformed::name_too_long},
      // What follows it
      {"no type", header(0, 1) + example, Malformed::cut_question},
      {"half a class", header(0, 1) + example + Octets{0, 1, 0}, Malformed::cut_question},
  };
  for (const auto& test : cases) {
    Message message;
    EXPECT_EQ(parse(test.octets, message), test.expected) << test.why;
  }
}

TEST(DnsMessage, A_message_without_question_is_one) {
  Message message;
  ASSERT_EQ(parse(header(0x8101, 0), message), Malformed::none);
  EXPECT_FALSE(message.has_question());
  EXPECT_EQ(message.header_rcode(), 1);
}

TEST(DnsMessage, The_first_of_several_questions_counts) {
  const Octets octets = header(0, 2) + example + type_a_in + Octets{1, 'b', 0, 0, 28, 0, 1};
  Message message;
  ASSERT_EQ(parse(octets, message), Malformed::none);
  EXPECT_EQ(message.qtype, 1);
  EXPECT_EQ(message.question_count, 2);
  EXPECT_FALSE(message.broken_records);
}

TEST(DnsMessage, Trouble_behind_the_question_leaves_a_message_with_broken_records) {
  const Octets cases[] = {
      header(0x8000, 1, 1) + example + type_a_in,                 // the answer is missing
      header(0x8000, 1, 1) + example + type_a_in + Octets{0xc0},  // half a pointer
      header(0x8000, 1, 1) + example + type_a_in + Octets{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192},  // cut rdata
      header(0x8000, 1, 1) + example + type_a_in + Octets{0x40, 0},  // a label type not in use
      header(0x8000, 1, 0, 1) + example + type_a_in + Octets(opt_record.begin(), opt_record.end() - 1),
      header(0, 2) + example + type_a_in,  // the second question is missing
  };
  for (const Octets& octets : cases) {
    Message message;
    EXPECT_EQ(parse(octets, message), Malformed::none);
    EXPECT_TRUE(message.broken_records);
    EXPECT_EQ(message.qtype, 1);
    EXPECT_FALSE(message.edns.present);
  }
}

TEST(DnsMessage, An_opt_record_counts_only_in_the_additional_section) {
  const Octets octets = header(0x8000, 1, 1) + example + type_a_in + opt_record;
  Message message;
  ASSERT_EQ(parse(octets, message), Malformed::none);
  EXPECT_FALSE(message.edns.present);
}

TEST(DnsMessage, Every_prefix_and_every_changed_octet_reads_or_names_a_reason) {
  const Octets octets = header(0x8583, 1, 1, 1) + example + type_a_in +
                        Octets{0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 1, 0, 4, 1, 'a', 0xc0, 12} + opt_record;
  for (std::size_t length = 0; length <= octets.size(); ++length) {
    // A copy of its own length lets the address sanitizer see a read behind it.
    const Octets prefix(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(length));
    Message message;
    const Malformed reason = parse(prefix, message);
    EXPECT_EQ(reason == Malformed::none, length >= 12 + example.size() + 4) << length;
    if (reason != Malformed::none) continue;
    EXPECT_EQ(message.broken_records, length < octets.size()) << length;
  }
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (unsigned change = 1; change < 256; ++change) {
      Octets changed = octets;
      changed[at] ^= static_cast<std::uint8_t>(change);
      Message message;
      if (parse(changed, message) == Malformed::none && message.has_question()) {
        EXPECT_EQ(message.qname.front(), changed[12]);
        EXPECT_EQ(message.qname.back(), 0);
      }
    }
  }
}

}  // namespace
}  // namespace rata::dns
