#include <gtest/gtest.h>

#include <unistd.h>

#include "captures.h"
#include "dnstap.h"

namespace rata::capture {
namespace {

using captures::File;
using captures::joined;
using captures::Octets;
using dnstap::control;

Octets frame(std::size_t number, std::uint64_t seconds) {
  return dnstap::data(dnstap::dnstap(dnstap::message(5, 1, seconds, captures::frame_octets(number, 40))));
}

/// The frame's number is that of its octets; its time is left out.
Octets frame_without_time(std::size_t number) {
  return dnstap::data(dnstap::dnstap(
      joined({dnstap::number_field(1, 5), dnstap::octets_field(10, captures::frame_octets(number, 40))})));
}

Octets start() { return control(dnstap::START, {dnstap::our_content}); }

TEST(DnstapFile, Is_known_by_its_content_plain_or_under_its_name_and_gzip_under_its_name) {
  Octets octets = start();
  for (std::size_t i = 0; i < 3000; ++i) octets = joined({octets, frame(i, 1000 + i)});
  const Octets whole = joined({octets, control(dnstap::STOP)});
  for (const Octets& written : {whole, octets, captures::gzip(whole)}) {
    const File file(written);
    const bool plain = written[0] == 0;
    for (const std::string& name :
         plain ? std::vector{file.path(), "dnstap:" + file.path()} : std::vector{"dnstap:" + file.path()}) {
      auto source = open_source(name);
      ASSERT_TRUE(source);
      EXPECT_FALSE((*source)->live());
      EXPECT_EQ((*source)->name(), name);
      EXPECT_EQ((*source)->link_types(), std::set<LinkType>{LinkType::Dnstap});
      const auto everything = captures::read_all(**source);
      EXPECT_EQ(everything.error, "");
      ASSERT_EQ(everything.frames.size(), 3000u);
      for (std::size_t i = 0; i < 3000; ++i) {
        EXPECT_EQ(everything.frames[i].octets, captures::frame_octets(i, 40));
        EXPECT_EQ(everything.frames[i].frame.ordinal, i);
        EXPECT_EQ(everything.frames[i].frame.time.ns, (1000 + static_cast<std::int64_t>(i)) * 1'000'000'000 + 5);
      }
      EXPECT_EQ((*source)->stats().frames, 3000u);
      EXPECT_EQ((*source)->stats().octets, 3000u * 40);
    }
  }
}

TEST(DnstapFile, A_message_without_time_has_that_of_the_one_before) {
  const File file(joined({start(), frame_without_time(0), frame(1, 50), frame_without_time(2)}));
  const auto everything = captures::read_all(file);
  ASSERT_EQ(everything.frames.size(), 3u);
  EXPECT_EQ(everything.frames[0].frame.time.ns, 0);
  EXPECT_EQ(everything.frames[2].frame.time, everything.frames[1].frame.time);
}

TEST(DnstapFile, A_message_without_time_has_that_of_its_arrival_where_that_is_asked_for) {
  class Noon final : public util::Clock {
   public:
    util::Time now() const override { return util::from_seconds(1'700'000'000); }
  } noon;
  const File file(joined({start(), frame(0, 50), frame_without_time(1)}));
  auto source = *open_source("dnstap:" + file.path(), {.filter = {}, .arrival_time = true, .clock = &noon});
  std::vector<Frame> batch;
  ASSERT_EQ(source->read(batch), Read::frames);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0].time.ns, 50'000'000'005);
  EXPECT_EQ(batch[1].time, noon.now());
  EXPECT_FALSE(batch[1].envelope->lacks.has(util::Member::time));
}

TEST(DnstapFile, Cut_anywhere_gives_what_is_whole_and_says_where) {
  const Octets begin = start(), first = frame(0, 1), second = frame(1, 2);
  const Octets whole = joined({begin, first, second});
  for (std::size_t size = 12; size < whole.size(); ++size) {
    const auto everything = captures::read_all(File(captures::part(whole, 0, size)));
    const bool one = size >= begin.size() + first.size();
    EXPECT_EQ(everything.frames.size(), one ? 1u : 0u);
    const std::size_t at = size < begin.size() ? 0 : one ? begin.size() + first.size() : begin.size();
    if (size == at)
      EXPECT_EQ(everything.error, "") << "a writer that crashed leaves no STOP";
    else
      EXPECT_TRUE(captures::contains(everything.error, "cut at offset " + std::to_string(at) + ": the frame there"));
  }
}

TEST(DnstapFile, Damage_ends_it_with_what_was_before) {
  const Octets head = joined({start(), frame(0, 1)});
  const auto everything = captures::read_all(File(joined({head, dnstap::word(9'000'000), frame(1, 2)})));
  EXPECT_EQ(everything.frames.size(), 1u);
  EXPECT_TRUE(captures::contains(
      everything.error, "at offset " + std::to_string(head.size()) + ": a data frame says that it has 9000000 octets"));
}

TEST(DnstapFile, Empty_or_of_other_content_says_what_it_is) {
  const File empty({}), other(control(dnstap::START, {"text:log"})), pcap(captures::file_header());
  EXPECT_TRUE(captures::contains(open_source("dnstap:" + empty.path()).error().message, "is empty; Frame Streams"));
  EXPECT_TRUE(captures::contains(captures::read_all(other).error, "the content is \"text:log\""));
  EXPECT_TRUE(captures::contains(captures::read_all(**open_source("dnstap:" + pcap.path())).error,
                                 "stands where a START frame belongs"));
}

TEST(DnstapFile, A_frame_larger_than_the_buffer_makes_room) {
  // What the writer says beside the message may be as long as it likes.
  const Octets large = dnstap::data(joined(
      {dnstap::octets_field(3, Octets(900'000, 7)), dnstap::dnstap(dnstap::message(5, 1, 1, Octets(65'535, 7)))}));
  const auto everything = captures::read_all(File(joined({start(), frame(0, 1), large, frame(1, 2)})));
  EXPECT_EQ(everything.error, "");
  ASSERT_EQ(everything.frames.size(), 3u);
  EXPECT_EQ(everything.frames[1].octets.size(), 65'535u);
}

}  // namespace
}  // namespace rata::capture
