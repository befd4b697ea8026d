#include "dns/message_text.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dns/edns_options.h"
#include "dns/records.h"
#include "dns/response_kind.h"
#include "unit/dns/samples.h"

namespace rata::dns {
namespace {

using namespace tests;

std::string text_of(const Octets& octets) {
  Message message;
  EXPECT_EQ(parse(octets, message), Malformed::none);
  std::string out;
  append_message(message, {}, out);
  return out;
}

TEST(DnsMessageText, A_response_is_shown_section_by_section) {
  EXPECT_EQ(text_of(header(0x85b3, 1, 1, 1, 1, 6699) + question("www.Example", 1) +
                    record(to_question, 1, {192, 0, 2, 1}) + record({0xc0, 99}, 15, {0}, 3) +
                    record({0}, 41, option(3, text("n1")) + hex("00"), 1232, 0x0100c001) + hex("ffff")),
            "  id 6699, QUERY response, BADMODE, flags aa rd ra ad cd, counts 1 1 1 1\n"
            "  QUESTION\n"
            "    www.Example. IN A\n"
            "  ANSWER\n"
            "    www.Example. 60 IN A 192.0.2.1\n"
            "  AUTHORITY\n"
            "    (name has a compression pointer that does not point backwards) 60 CH MX \\# 1 00 ; is no MX\n"
            "  ADDITIONAL\n"
            "    . OPT version 0, udp 1232, extended rcode 1, flags do co 0x0001\n"
            "      NSID: 6e31 \"n1\"\n"
            "      broken: 1 octets that are no option\n"
            "  2 octets behind the message\n"
            "  kind: error\n");
}

TEST(DnsMessageText, Where_records_break_off_is_said_with_the_reason) {
  EXPECT_EQ(text_of(header(0x8400, 1, 2) + question("example", 1) + record(to_question, 1, {192, 0, 2, 1}) +
                    to_question + hex("0001 0001 0000003c 0004 c0")),
            "  id 1, QUERY response, NOERROR, flags aa, counts 1 2 0 0\n"
            "  QUESTION\n"
            "    example. IN A\n"
            "  ANSWER\n"
            "    example. 60 IN A 192.0.2.1\n"
            "  broken: ANSWER record 2 at octet 41: rdata ends beyond the message\n"
            "  kind: answer\n");
}

TEST(DnsMessageText, An_update_says_what_each_record_asks_for) {
  EXPECT_EQ(text_of(header(0x2800, 1, 6, 7) + question("example", 6) + record(to_question, 1, {}, 255, 0) +
                    record(to_question, 255, {}, 255, 0) + record(to_question, 1, {}, 254, 0) +
                    record(to_question, 255, {}, 254, 0) + record(to_question, 1, {192, 0, 2, 1}, 1, 0) +
                    record(to_question, 1, {192, 0, 2, 1}, 1, 1) + record(to_question, 1, {192, 0, 2, 1}) +
                    record(to_question, 1, {}, 255, 0) + record(to_question, 255, {}, 255, 0) +
                    record(to_question, 1, {192, 0, 2, 1}, 254, 0) + record(to_question, 1, {}, 7, 0) +
                    record(to_question, 255, {}, 1, 0) + record(to_question, 1, {0}, 255, 0)),
            "  id 1, UPDATE query, NOERROR, flags none, counts 1 6 7 0\n"
            "  UPDATE: zone example. IN\n"
            "  ZONE\n"
            "    example. IN SOA\n"
            "  PREREQUISITE\n"
            "    example. 0 ANY A \\# 0 ; RRset exists\n"
            "    example. 0 ANY ANY \\# 0 ; name is in use\n"
            "    example. 0 NONE A \\# 0 ; RRset does not exist\n"
            "    example. 0 NONE ANY \\# 0 ; name is not in use\n"
            "    example. 0 IN A 192.0.2.1 ; RRset exists as given\n"
            "    example. 1 IN A 192.0.2.1 ; no form that RFC 2136 has\n"
            "  UPDATE\n"
            "    example. 60 IN A 192.0.2.1 ; add\n"
            "    example. 0 ANY A \\# 0 ; delete RRset\n"
            "    example. 0 ANY ANY \\# 0 ; delete all RRsets of the name\n"
            "    example. 0 NONE A 192.0.2.1 ; delete record\n"
            "    example. 0 CLASS7 A \\# 0 ; no form that RFC 2136 has\n"
            "    example. 0 IN ANY \\# 0 ; no form that RFC 2136 has\n"
            "    example. 0 ANY A \\# 1 00 ; no form that RFC 2136 has ; is no A\n");
}

TEST(DnsMessageText, An_update_cannot_change_records_of_types_that_only_questions_have) {
  for (const unsigned type : {251u, 252u, 253u, 254u}) {
    const std::string text =
        text_of(header(0x2800, 1, 0, 3) + question("example", 6) + record(to_question, type, {}, 255, 0) +
                record(to_question, type, {0}, 254, 0) + record(to_question, type, {0}));
    std::size_t faults = 0;
    for (std::size_t at = 0; (at = text.find("; no form that RFC 2136 has\n", at)) != std::string::npos; ++at) ++faults;
    EXPECT_EQ(faults, 3u) << text;
  }
}

TEST(DnsMessageText, A_dso_message_has_tlvs_in_place_of_sections) {
  EXPECT_EQ(text_of(header(0x3000, 0, 0, 0, 0, 7) + option(1, u32(15000) + u32(60000)) + option(2, u32(1000)) +
                    option(3, {0, 0}) + option(0x40, question("example", 12)) + option(0x41, hex("00ff")) +
                    option(0x42, u16(9)) + option(0x43, question("example", 1) + Octets{192, 0, 2, 1}) +
                    option(0xf800, {}) + option(1, u32(1)) + option(0x40, {0}) + hex("0001")),
            "  id 7, DSO query, NOERROR, flags none, counts 0 0 0 0\n"
            "  DSO request\n"
            "    KEEPALIVE: inactivity timeout 15000 ms, keepalive interval 60000 ms\n"
            "    RETRY-DELAY: 1000 ms\n"
            "    ENCRYPTION-PADDING: 2 octets\n"
            "    SUBSCRIBE: example. IN PTR\n"
            "    PUSH: 00ff\n"
            "    UNSUBSCRIBE: of message 9\n"
            "    RECONFIRM: example. IN A 192.0.2.1\n"
            "    DSO63488\n"
            "    KEEPALIVE: 00000001\n"
            "    SUBSCRIBE: 00\n"
            "  broken: TLV at octet 105: ends beyond the message\n");
}

TEST(DnsMessageText, What_the_opcode_makes_of_a_message_is_said) {
  const struct {
    Octets octets;
    const char* line;
  } cases[] = {
      {header(0x0800, 0, 1) + record({0}, 1, {192, 0, 2, 1}),
       "\n  IQUERY: the answer section holds what questions are asked for\n"},
      {header(0x2400, 1) + question("example", 6), "\n  NOTIFY: SOA of example. may have changed\n"},
      {header(0xa400, 1) + question("example", 6), "\n  NOTIFY: SOA of example. is acknowledged\n"},
      {header(0xa404, 1) + question("example", 6), "\n  NOTIFY: SOA of example. is not acknowledged: NOTIMP\n"},
      {header(0x2400, 0), "\n  NOTIFY without a zone\n"},
      {header(0x2800, 1) + question("example", 1), "\n  UPDATE: zone example. IN, which must be asked for as SOA\n"},
      {header(0x2800, 2) + question("example", 6) + question("b", 6), "\n  UPDATE of 2 zones: one is allowed\n"},
      {header(0x2800, 0), "\n  UPDATE of 0 zones: one is allowed\n"},
      {header(0xa805, 0), "\n  UPDATE: response without its zone\n"},
      {header(0xa805, 1) + question("example", 6), "\n  UPDATE: zone example. IN\n"},
      {header(0xb000, 0, 0, 0, 0, 7), "\n  DSO response\n"},
      {header(0x3000, 0, 0, 0, 0, 0), "\n  DSO unidirectional message\n"},
      {header(0x3000, 1) + question("example", 1), "\n  DSO with counts that are not zero\n  QUESTION\n"},
  };
  for (const auto& test : cases) EXPECT_NE(text_of(test.octets).find(test.line), std::string::npos) << test.line;
}

/// Reads all there is in `octets`; true when it is a message. What is shown is printable, and what the walk finds
/// agrees with what `parse` found.
bool read_all(const Octets& octets) {
  Message message;
  const Malformed reason = parse(octets, message);
  if (reason != Malformed::none) {
    EXPECT_FALSE(name(reason).empty());
    return false;
  }
  RecordWalk walk(message);
  Record record;
  unsigned left = message.question_count + message.answer_count + message.authority_count + message.additional_count;
  while (walk.next(record)) --left;
  EXPECT_EQ(left == 0, walk.fault() == RecordFault::none);
  EXPECT_EQ(message.broken_records, walk.fault() != RecordFault::none);
  EXPECT_FALSE(text(walk.fault()).empty());
  EXPECT_EQ(response_kind(message).has_value(), message.is_response());
  std::string out;
  append_message(message, {}, out);
  const auto shown = [](char letter) { return letter == '\n' || (letter >= ' ' && letter <= '~'); };
  EXPECT_TRUE(std::ranges::all_of(out, shown)) << out;
  if (walk.fault() != RecordFault::none) {
    EXPECT_NE(out.find("  broken: "), std::string::npos) << out;
  }
  return true;
}

TEST(DnsMessageText, Every_prefix_and_every_changed_octet_reads_or_names_a_reason) {
  Octets before;
  for (const Octets& octets : valid_messages()) {
    ASSERT_TRUE(read_all(octets));
    EXPECT_EQ(text_of(octets).find("broken"), std::string::npos) << text_of(octets);
    for (std::size_t length = 0; length < octets.size(); ++length) {
      // A copy of its own length lets the address sanitizer see a read behind it.
      read_all(Octets(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(length)));
    }
    // Most messages begin as the one before did, and there every change has been tried.
    Octets changed = octets;
    for (auto octet = std::ranges::mismatch(changed, before).in1; octet != changed.end(); ++octet) {
      const std::uint8_t was = *octet;
      for (unsigned change = 1; change < 256; ++change) {
        *octet = static_cast<std::uint8_t>(was ^ change);
        read_all(changed);
      }
      *octet = was;
    }
    before = octets;
  }
}

}  // namespace
}  // namespace rata::dns
