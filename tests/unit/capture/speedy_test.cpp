#include <gtest/gtest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "capture/speedy_file.h"
#include "capture/speedy_record.h"
#include "captures.h"

namespace rata::capture {
namespace {

using captures::Octets;
using util::Member;
using util::MemberSet;

std::string record(const std::string& json) { return std::to_string(json.size()) + json; }

/// One frame with its envelope, kept.
struct Kept {
  Octets octets;
  Frame frame;
  Envelope envelope;
  std::string source_text, destination_text;
};

struct Everything {
  std::vector<Kept> frames;
  std::vector<std::string> errors;
};

Everything read_all(Source& source) {
  Everything everything;
  std::vector<Frame> batch;
  for (Read read; (read = source.read(batch)) != Read::end;)
    for (const Frame& frame : batch)
      everything.frames.push_back({Octets(frame.octets.begin(), frame.octets.end()), frame, *frame.envelope,
                                   std::string(frame.envelope->source_text),
                                   std::string(frame.envelope->destination_text)});
  for (const util::Error& error : source.errors()) everything.errors.push_back(error.message);
  return everything;
}

Everything read(const std::string& text, const SourceOptions& options = {}) {
  const captures::File file(Octets(text.begin(), text.end()));
  auto source = *open_source("speedy:" + file.path(), options);
  Everything everything = read_all(*source);
  for (std::string& error : everything.errors) {
    EXPECT_TRUE(error.starts_with("speedy:" + file.path() + ": ")) << error;
    error.erase(0, file.path().size() + 9);
  }
  return everything;
}

constexpr MemberSet never = {Member::time, Member::ports, Member::transport, Member::size};

MemberSet with(std::initializer_list<Member> members) {
  MemberSet set = never;
  for (const Member member : members) set.add(member);
  return set;
}

TEST(Speedy, A_whole_record_becomes_the_message_that_it_tells_of) {
  const Everything found =
      read(record(R"({"source":"c6336401","dest":"20010DB8000000000000000000000001","id":"1a2b","flags":"8183",)"
                  R"("queries":[{"qname":"a_b.Example.","qtype":"f","qclass":"1"}],)"
                  R"("answers":[{"name":"a.","type":"10","class":"1","ttl":"e10","rdata":"026F6b"}],)"
                  R"("authorities":[{"name":".","type":"2","class":"1","ns":["a.b.","c"]}],)"
                  R"("additionals":[{"name":".","type":"29","class":"4d0","ttl":"8000","rdata":""}]})"));
  ASSERT_EQ(found.frames.size(), 1u);
  const Octets expected = {
      0x1a, 0x2b, 0x81, 0x83, 0,    1,   0,   1,    0,   2,    0,    1,                         // header
      3,    'a',  '_',  'b',  7,    'E', 'x', 'a',  'm', 'p',  'l',  'e', 0,   0, 15,  0,   1,  // question
      1,    'a',  0,    0,    16,   0,   1,   0,    0,   0x0e, 0x10, 0,   3,   2, 'o', 'k',     // answer
      0,    0,    2,    0,    1,    0,   0,   0,    0,   0,    5,    1,   'a', 1, 'b', 0,       // two NS
      0,    0,    2,    0,    1,    0,   0,   0,    0,   0,    3,    1,   'c', 0,               //
      0,    0,    41,   4,    0xd0, 0,   0,   0x80, 0,   0,    0};                              // OPT
  const Kept& one = found.frames[0];
  EXPECT_EQ(one.octets, expected);
  EXPECT_EQ(one.envelope.lacks, never);
  EXPECT_EQ(util::text(one.envelope.source), "198.51.100.1");
  EXPECT_EQ(util::text(one.envelope.destination), "2001:db8::1");
  EXPECT_EQ(one.source_text + one.destination_text, "");
  EXPECT_EQ(one.frame.time.ns, 0);
  EXPECT_EQ(one.frame.link, LinkType::Speedy);
}

TEST(Speedy, Every_member_may_be_left_out_or_null) {
  const struct {
    const char* json;
    MemberSet lacks;
  } cases[] = {
      {"{}", with({Member::source, Member::dest, Member::id, Member::flags, Member::queries, Member::answers,
                   Member::authorities, Member::additionals, Member::edns})},
      {R"({"source":"c6336401","id":null,"flags":"0","queries":[],"answers":[],"additionals":[],"other":[{"a":1}]})",
       with({Member::dest, Member::id, Member::authorities})},
      // Half a question is none, and no information about the others either.
      {R"({"source":"c6336401","dest":"c6336402","id":"0","flags":"0","answers":[],"authorities":[],"additionals":[],)"
       R"("queries":[{"qname":"a.","qtype":"1","qclass":"1"},{"qname":"a."}]})",
       with({Member::queries})},
      // So with records; without all additional ones nobody knows of EDNS.
      {R"({"source":"c6336401","dest":"c6336402","id":"0","flags":"0","queries":[],"authorities":[],"additionals":[],)"
       R"("answers":[{"name":"a.","type":"1","class":"1","rdata":"c0000201"},{"type":"1","class":"1"}]})",
       with({Member::answers})},
      {R"({"source":"c6336401","dest":"c6336402","id":"0","flags":"0","queries":[],"authorities":[],"answers":[],)"
       R"("additionals":[{"name":"a."}]})",
       with({Member::additionals, Member::edns})},
  };
  for (const auto& one : cases) {
    const Everything found = read(record(one.json));
    ASSERT_EQ(found.frames.size(), 1u) << one.json;
    EXPECT_EQ(found.frames[0].octets.size(), 12u);
    EXPECT_EQ(found.frames[0].envelope.lacks, one.lacks) << one.json;
    EXPECT_TRUE(found.errors.empty());
  }
}

TEST(Speedy, An_address_that_is_none_any_more_is_kept_as_it_came) {
  const Everything found =
      read(record(R"({"source":"Client-7","dest":"c63364"})") + record(R"({"source":"c63364","dest":"Client-7"})") +
           record(R"({"source":"client-7","dest":"2001:DB8::1"})") + record(R"({"source":"192.0.2.1","dest":""})"));
  ASSERT_EQ(found.frames.size(), 4u);
  EXPECT_EQ(found.frames[0].source_text, "Client-7");
  EXPECT_EQ(found.frames[0].destination_text, "c63364");
  EXPECT_EQ(found.frames[0].envelope.source, found.frames[1].envelope.destination);
  EXPECT_EQ(found.frames[0].envelope.destination, found.frames[1].envelope.source);
  EXPECT_NE(found.frames[0].envelope.source, found.frames[2].envelope.source) << "case is kept";
  EXPECT_EQ(util::text(found.frames[2].envelope.destination), "2001:db8::1");
  EXPECT_EQ(found.frames[2].destination_text, "");
  EXPECT_EQ(util::text(found.frames[3].envelope.source), "192.0.2.1");
  EXPECT_TRUE(found.frames[3].envelope.lacks.has(Member::dest));
}

TEST(Speedy, White_space_between_records_is_passed_over) {
  const Everything found = read("\n " + record("{}") + "\r\n\t " + record(R"({"id":"1"})") + "\n");
  EXPECT_EQ(found.frames.size(), 2u);
  EXPECT_TRUE(found.errors.empty());
  EXPECT_TRUE(read("").errors.empty()) << "nothing at all is a clean end";
  EXPECT_TRUE(read(" \n").errors.empty());
}

TEST(Speedy, A_record_that_cannot_be_a_message_is_refused_and_reading_goes_on) {
  const std::string name_63(63, 'a');
  const struct {
    std::string json;
    const char* says;
  } cases[] = {
      {R"({"id":"1g"})", "id \"1g\" is no hexadecimal number up to ffff"},
      {R"({"id":""})", "id \"\" is no hexadecimal number"},
      {R"({"id":"10000"})", "id \"10000\" is no hexadecimal number up to ffff"},
      {R"({"flags":"-1"})", "flags \"-1\" is no hexadecimal number"},
      {R"({"flags":256})", "flags is no text"},
      {R"({"queries":{}})", "queries is no list"},
      {R"({"queries":[1]})", "an entry of queries is no object"},
      {R"({"queries":[{"qname":"a..b","qtype":"1","qclass":"1"}]})", "\"a..b\" is no name"},
      {R"({"queries":[{"qname":")" + name_63 + R"(a","qtype":"1","qclass":"1"}]})", "is no name"},
      {R"({"queries":[{"qname":"a","qtype":"fffff","qclass":"1"}]})", "qtype \"fffff\" is no hexadecimal"},
      {R"({"answers":[{"name":"a","type":"1","class":"1","rdata":"1"}]})", "rdata is no hexadecimal text"},
      {R"({"answers":[{"name":"a","type":"2","class":"1","ns":"a"}]})", "ns is no list"},
      {R"({"answers":[{"name":"a","type":"2","class":"1","ns":[1]}]})", "ns is no text"},
      {R"({"source":[]})", "source is no text"},
      {R"({"source":")" + std::string(201, 'x') + R"("})", "source has 201 octets; an anonymous address has up to 200"},
  };
  for (const auto& one : cases) {
    const Everything found = read(record("{}") + record(one.json) + record("{}"));
    ASSERT_EQ(found.frames.size(), 3u) << one.json;
    EXPECT_EQ(found.frames[1].envelope.content, Envelope::Content::unreadable);
    EXPECT_EQ(found.frames[2].envelope.content, Envelope::Content::message);
    ASSERT_EQ(found.errors.size(), 1u);
    EXPECT_TRUE(captures::contains(found.errors[0], std::string("at offset 3: ")));
    EXPECT_TRUE(captures::contains(found.errors[0], one.says));
  }
}

TEST(Speedy, A_stream_that_is_broken_ends_there_with_the_offset_and_one_unreadable_record) {
  const std::string good = record(R"({"id":"1"})");  // 12 octets
  const struct {
    std::string rest;
    const char* says;
  } cases[] = {
      {R"({"id":"1"})", "at offset 12: no number before the {"},
      {R"( {"id":"1"})", "at offset 13: no number before the {"},
      {R"(9{"id":"1"})", "at offset 12: the 9 octets behind the number are no JSON object: "},
      {R"(11{"id":"1"}10{"id":"1"})", "at offset 12: the 11 octets behind the number are no JSON object: "},
      {R"(10{"id":'1'})", "at offset 12: the 10 octets behind the number are no JSON object: "},
      {"11{\"id\":\"\xff\"}}", "at offset 12: the 11 octets behind the number are no JSON object: "},
      {R"(10 {"id":"1"})", "at offset 12: no { behind the number"},
      {"x", "at offset 12: neither a number nor white space"},
      {"-1{", "at offset 12: neither a number nor white space"},
      {"1{", "at offset 12: the number 1; a record has 2 to 1048576 octets"},
      {"1048577{", "at offset 12: the number 1048577; a record has 2 to 1048576 octets"},
      {"00000000010{\"id\":\"1\"}", "at offset 12: a number of over 10 digits"},
      {"10", "at offset 12: cut: 2 octets of a record's number are left"},
      {R"(10{"id":)", "at offset 12: cut: the record wants 12 octets, 8 are left"},
  };
  for (const auto& one : cases) {
    const Everything found = read(good + one.rest);
    ASSERT_EQ(found.frames.size(), 2u) << one.rest;
    EXPECT_EQ(found.frames[0].envelope.content, Envelope::Content::message);
    EXPECT_EQ(found.frames[1].envelope.content, Envelope::Content::unreadable);
    ASSERT_EQ(found.errors.size(), 1u);
    EXPECT_TRUE(captures::contains(found.errors[0], one.says));
  }
}

TEST(Speedy, The_complaints_are_bounded) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += record(R"({"id":"x"})");
  const Everything found = read(text);
  EXPECT_EQ(found.frames.size(), 100u);
  ASSERT_EQ(found.errors.size(), 17u);
  EXPECT_EQ(found.errors[16], R"(and 84 more, the last at offset 1188: id "x" is no hexadecimal number up to ffff)");
}

TEST(Speedy, A_record_whose_message_would_not_end_is_refused) {
  // Three octets of JSON a name server, each a record with a long owner.
  std::string json = R"({"answers":[{"name":")" + std::string(63, 'a') + "." + std::string(63, 'a') +
                     R"(","type":"2","class":"1","ns":[)";
  for (int i = 0; i < 20'000; ++i) json += i == 0 ? R"("")" : R"(,"")";
  const Everything found = read(record(json + "]}]}") + record("{}"));
  ASSERT_EQ(found.frames.size(), 2u);
  EXPECT_EQ(found.frames[0].envelope.content, Envelope::Content::unreadable);
  EXPECT_TRUE(captures::contains(found.errors.at(0), "the message would have over 1048576 octets"));
}

/// An owner and name servers of little text that make `octets` or a little less of wire, then rdata of `rdata` octets.
std::string amplified(std::size_t octets, std::size_t rdata) {
  const std::string owner = std::string(63, 'a') + "." + std::string(63, 'a');
  std::string json = R"({"source":"Client-7","answers":[{"name":")" + owner + R"(","type":"2","class":"1","ns":[)";
  constexpr std::size_t each = 2 * 64 + 1 + 10 + 1;
  for (std::size_t i = 0; i < octets / each; ++i) json += i == 0 ? R"("")" : R"(,"")";
  json += "]}";
  if (rdata != 0) json += R"(,{"name":"","type":"1","class":"1","rdata":")" + std::string(2 * rdata, '0') + R"("})";
  return json + "]}";
}

TEST(Speedy, What_a_large_record_appends_leaves_the_messages_before_it_where_they_are) {
  constexpr std::size_t nearly = SpeedyRecord::max_wire_octets - 200;
  const struct {
    std::size_t rdata;
    const char* says;
  } cases[] = {{60'000, "the message would have over 1048576 octets"},
               {400'000, "rdata has 400000 octets; a record takes 65535"}};
  for (const auto& one : cases) {
    const Everything found = read(record(amplified(nearly, 0)) + record(amplified(nearly, one.rdata)) + record("{}"));
    ASSERT_EQ(found.frames.size(), 3u);
    EXPECT_GT(found.frames[0].octets.size(), nearly - 200);
    EXPECT_EQ(found.frames[0].octets[12], 63);
    EXPECT_EQ(found.frames[0].octets[13], 'a');
    EXPECT_EQ(found.frames[0].source_text, "Client-7");
    EXPECT_EQ(found.frames[1].envelope.content, Envelope::Content::unreadable);
    EXPECT_EQ(found.frames[2].envelope.content, Envelope::Content::message);
    ASSERT_EQ(found.errors.size(), 1u);
    EXPECT_TRUE(captures::contains(found.errors[0], one.says));
  }
}

TEST(Speedy, Foreign_text_is_shown_without_what_a_terminal_would_obey_and_cut_between_characters) {
  const struct {
    std::string json;
    const char* says;
  } cases[] = {
      {R"({"id":"\u001b[2J"})", R"(id "\027[2J" is no hexadecimal)"},
      {R"({"id":"0123456789012345678\u00e9\u00e9"})", R"(id "0123456789012345678..." is no hexadecimal)"},
      {R"({"id":"012345678901234567\u00e9\u00e9"})", R"(id "012345678901234567\195\169..." is no hexadecimal)"},
      {R"({"queries":[{"qname":"..\n\u0007","qtype":"1","qclass":"1"}]})", R"("..\010\007" is no name)"},
  };
  for (const auto& one : cases) {
    const Everything found = read(record(one.json));
    ASSERT_EQ(found.errors.size(), 1u) << one.json;
    EXPECT_TRUE(captures::contains(found.errors[0], one.says));
  }
}

TEST(Speedy, Records_have_the_time_of_their_arrival_where_that_is_asked_for) {
  class Noon final : public util::Clock {
   public:
    util::Time now() const override { return util::from_seconds(1'700'000'000); }
  } noon;
  const Everything found = read(record("{}"), {.filter = {}, .arrival_time = true, .clock = &noon});
  ASSERT_EQ(found.frames.size(), 1u);
  EXPECT_EQ(found.frames[0].frame.time, noon.now());
  EXPECT_FALSE(found.frames[0].envelope.lacks.has(Member::time));
}

TEST(Speedy, A_pipe_takes_any_division_of_the_octets_plain_or_gzip) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += record(fmt::format(R"({{"id":"{:x}","source":"client-{}"}})", i, i));
  const Octets plain(text.begin(), text.end());
  for (const Octets& sent : {plain, captures::gzip(plain)})
    for (const std::size_t step : {1u, 7u, 40u, 5000u}) {
      std::array<int, 2> ends{};
      ASSERT_EQ(::pipe(ends.data()), 0);
      std::jthread writer([&] {
        const Descriptor end(ends[1]);
        for (std::size_t at = 0; at < sent.size(); at += step) {
          const auto part = std::span(sent).subspan(at, std::min(step, sent.size() - at));
          EXPECT_EQ(::write(end.number(), part.data(), part.size()), static_cast<ssize_t>(part.size()));
        }
      });
      const auto source = open_speedy_file("speedy:-", Descriptor(ends[0]), true, {});
      const Everything found = read_all(*source);
      EXPECT_TRUE(found.errors.empty());
      ASSERT_EQ(found.frames.size(), 200u);
      for (std::size_t i = 0; i < 200; ++i) {
        EXPECT_EQ(found.frames[i].octets[1], i);
        EXPECT_EQ(found.frames[i].source_text, "client-" + std::to_string(i));
        EXPECT_EQ(found.frames[i].frame.ordinal, i);
      }
    }
}

TEST(Speedy, A_file_that_is_not_there_says_what_would_be_accepted) {
  const auto source = open_source("speedy:no-such-file");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().message, "speedy:no-such-file: No such file or directory; a file or - is accepted");
}

}  // namespace
}  // namespace rata::capture
