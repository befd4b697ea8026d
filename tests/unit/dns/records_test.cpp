#include "dns/records.h"

#include <gtest/gtest.h>

#include "dns/name.h"
#include "unit/dns/samples.h"

namespace rata::dns {
namespace {

using namespace tests;

const Octets whole = header(0x8400, 2, 1, 1, 2) + question("CL", 2) + question("b", 1) +
                     record(to_question, 2, {1, 'a', 0xc0, 12}) + record(to_question, 43, {0xab}, 3, 3600) + opt({}) +
                     record({0}, 16, {0});

TEST(DnsRecords, The_walk_gives_every_record_with_its_place) {
  Message message;
  ASSERT_EQ(parse(whole, message), Malformed::none);
  const struct {
    Section section;
    unsigned index;
    const char* owner;
    unsigned type, rr_class, ttl, size;
  } expected[] = {{Section::question, 0, "CL.", 2, 1, 0, 0},     {Section::question, 1, "b.", 1, 1, 0, 0},
                  {Section::answer, 0, "CL.", 2, 1, 60, 4},      {Section::authority, 0, "CL.", 43, 3, 3600, 1},
                  {Section::additional, 0, ".", 41, 1232, 0, 0}, {Section::additional, 1, ".", 16, 1, 60, 1}};
  for (const Section from : {Section::question, Section::answer, Section::authority, Section::additional}) {
    RecordWalk walk(message, from);
    Record record;
    for (const auto& wanted : expected) {
      if (wanted.section < from) continue;
      ASSERT_TRUE(walk.next(record));
      EXPECT_EQ(record.section, wanted.section);
      EXPECT_EQ(record.index, wanted.index);
      std::string owner;
      std::size_t at = record.owner_at;
      EXPECT_EQ(read_name(whole, at, owner), NameFault::none);
      EXPECT_EQ(owner, wanted.owner);
      EXPECT_EQ(record.type, wanted.type);
      EXPECT_EQ(record.rr_class, wanted.rr_class);
      EXPECT_EQ(record.ttl, wanted.ttl);
      EXPECT_EQ(record.rdata.size(), wanted.size);
      if (wanted.section != Section::question) {
        EXPECT_EQ(record.rdata.data(), whole.data() + record.rdata_at);
      }
    }
    EXPECT_FALSE(walk.next(record));
    EXPECT_EQ(walk.fault(), RecordFault::none);
    EXPECT_EQ(walk.position(), whole.size());
  }
}

TEST(DnsRecords, The_walk_ends_at_the_first_broken_record_and_says_why) {
  const Octets before = header(0x8400, 1, 2) + question("cl", 1) + record(to_question, 1, {192, 0, 2, 1});
  const struct {
    const char* why;
    Octets second;
    RecordFault fault;
  } cases[] = {
      {"nothing", {}, RecordFault::missing},
      {"half a pointer", {0xc0}, RecordFault::cut_owner},
      {"a label that is cut", {5, 'a'}, RecordFault::cut_owner},
      {"no root label", {1, 'a'}, RecordFault::cut_owner},
      {"first bits 01", {0x41, 0}, RecordFault::bad_label_type},
      {"no RDLENGTH", to_question + hex("0001 0001 00000000"), RecordFault::cut_fixed_part},
      {"cut rdata", to_question + hex("0001 0001 00000000 0004 c00002"), RecordFault::rdata_beyond_end},
  };
  for (const auto& test : cases) {
    const Octets octets = before + test.second;
    Message message;
    ASSERT_EQ(parse(octets, message), Malformed::none);
    RecordWalk walk(message);
    Record record;
    EXPECT_TRUE(walk.next(record) && walk.next(record)) << test.why;
    EXPECT_FALSE(walk.next(record)) << test.why;
    EXPECT_FALSE(walk.next(record)) << test.why;
    EXPECT_EQ(walk.fault(), test.fault) << test.why;
    EXPECT_EQ(walk.section(), Section::answer) << test.why;
    EXPECT_EQ(walk.index(), 1) << test.why;
    EXPECT_EQ(walk.position(), before.size()) << test.why;
    EXPECT_TRUE(message.broken_records) << test.why;
  }
}

TEST(DnsRecords, A_later_question_that_is_broken_hides_the_records) {
  const Octets octets = header(0x8400, 2, 1) + question("cl", 1) + Octets{0x80};
  Message message;
  ASSERT_EQ(parse(octets, message), Malformed::none);
  RecordWalk walk(message, Section::answer);
  Record record;
  EXPECT_FALSE(walk.next(record));
  EXPECT_EQ(walk.fault(), RecordFault::bad_label_type);
  EXPECT_EQ(walk.section(), Section::question);
  EXPECT_EQ(walk.index(), 1);
}

}  // namespace
}  // namespace rata::dns
