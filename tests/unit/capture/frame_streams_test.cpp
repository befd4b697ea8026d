#include "capture/frame_streams.h"

#include <gtest/gtest.h>

#include "dnstap.h"

namespace rata::capture {
namespace {

using captures::joined;
using captures::Octets;
using dnstap::ACCEPT;
using dnstap::control;
using dnstap::FINISH;
using dnstap::our_content;
using dnstap::READY;
using dnstap::START;
using dnstap::STOP;

/// What a writer's octets gave, fed `step` at a time.
struct Heard {
  std::vector<Octets> data;
  Octets replies;
  std::string fault;
  std::size_t left = 0;
};

Heard hear(const Octets& sent, std::size_t step) {
  Heard heard;
  FrameStreams streams;
  std::size_t at = 0, end = 0;
  while (end < sent.size()) {
    end = std::min(sent.size(), end + step);
    for (;;) {
      const auto found = streams.next(std::span(sent).subspan(at, end - at));
      at += found.taken;
      if (found.event == FrameStreams::Event::more) break;
      if (found.event == FrameStreams::Event::broken) {
        heard.fault = streams.fault();
        heard.left = sent.size() - at;
        return heard;
      }
      const Octets octets(found.octets.begin(), found.octets.end());
      if (found.event == FrameStreams::Event::data)
        heard.data.push_back(octets);
      else
        heard.replies = joined({heard.replies, octets});
    }
  }
  heard.left = sent.size() - at;
  return heard;
}

const Octets one = {1}, two = {2, 2}, three = {3, 3, 3};

TEST(FrameStreams, A_writer_without_handshake_is_heard_however_its_octets_are_cut) {
  const Octets sent = joined({control(START, {our_content}), dnstap::data(one), dnstap::data(two), control(STOP)});
  for (std::size_t step = 1; step <= sent.size(); ++step) {
    const Heard heard = hear(sent, step);
    EXPECT_EQ(heard.fault, "");
    EXPECT_EQ(heard.data, (std::vector<Octets>{one, two}));
    EXPECT_EQ(heard.replies, Octets{});
    EXPECT_EQ(heard.left, 0u);
  }
}

TEST(FrameStreams, A_handshake_is_answered_at_both_ends_however_its_octets_are_cut) {
  const Octets sent = joined(
      {control(READY, {"text:other", our_content}), control(START, {our_content}), dnstap::data(three), control(STOP)});
  for (std::size_t step = 1; step <= sent.size(); ++step) {
    const Heard heard = hear(sent, step);
    EXPECT_EQ(heard.fault, "");
    EXPECT_EQ(heard.data, std::vector<Octets>{three});
    EXPECT_EQ(heard.replies, joined({control(ACCEPT, {our_content}), control(FINISH)}));
  }
}

TEST(FrameStreams, Content_that_is_not_named_is_taken_for_dnstap) {
  const Heard heard = hear(joined({control(READY), control(START), dnstap::data(one)}), 100);
  EXPECT_EQ(heard.fault, "");
  EXPECT_EQ(heard.replies, control(ACCEPT));
  EXPECT_EQ(heard.data, std::vector<Octets>{one});
}

TEST(FrameStreams, Files_laid_end_to_end_are_read_on) {
  const Octets file = joined({control(START, {our_content}), dnstap::data(one), control(STOP)});
  EXPECT_EQ(hear(joined({file, file}), 1000).data, (std::vector{one, one}));
}

TEST(FrameStreams, A_frame_that_is_cut_stays_and_says_how_much_it_wants) {
  const Octets sent = joined({control(START), dnstap::data(three)});
  FrameStreams streams;
  const auto found = streams.next(std::span(sent).first(sent.size() - 1));
  EXPECT_EQ(found.event, FrameStreams::Event::more);
  EXPECT_EQ(sent.size() - found.taken, 7u);
  EXPECT_EQ(streams.wanted(), 7u);
}

TEST(FrameStreams, What_breaks_the_rules_ends_the_stream_and_says_why) {
  const Octets start = control(START, {our_content});
  const struct {
    Octets sent;
    const char* fault;
    std::size_t left;  ///< from the frame that is wrong on
  } cases[] = {
      {control(START, {"text:log"}), "the content is \"text:log\"; \"protobuf:dnstap.Dnstap\" is accepted", 28},
      {control(READY, {"a\nb"}), "the content is \"a?b\"; \"protobuf:dnstap.Dnstap\" is accepted", 23},
      {dnstap::data(three), "a data frame of 3 octets stands where a START frame belongs", 7},
      {joined({control(READY), dnstap::data(three)}), "a data frame of 3 octets stands where a START", 7},
      {joined({start, start}), "a START frame comes when the stream is under way", 42},
      {joined({start, control(READY)}), "a READY frame comes when the stream is under way", 12},
      {joined({control(READY), control(START), control(STOP), control(START)}), "a START frame comes when", 12},
      {control(STOP), "a STOP frame comes where no stream is under way", 12},
      {joined({start, control(STOP), dnstap::data(one)}), "a data frame of 1 octets stands where a START", 5},
      {control(ACCEPT), "a control frame of type 1 (ACCEPT) is not for a reader", 12},
      {control(FINISH), "a control frame of type 5 (FINISH) is not for a reader", 12},
      {joined({dnstap::word(0), dnstap::word(4), dnstap::word(77)}), "a control frame of type 77 (?)", 12},
      {joined({dnstap::word(0), dnstap::word(513)}), "a control frame says that it has 513 octets; 4 to 512", 8},
      {joined({dnstap::word(0), dnstap::word(3)}), "a control frame says that it has 3 octets; 4 to 512", 8},
      {joined({dnstap::word(0), dnstap::word(12), dnstap::word(2), dnstap::word(1), dnstap::word(9)}),
       "the fields of a control frame (START) cannot be read", 20},
      {joined({start, dnstap::word(1024 * 1024 + 1)}),
       "a data frame says that it has 1048577 octets; at most 1048576 are read", 4},
  };
  for (const auto& one_case : cases)
    for (const std::size_t step : {std::size_t{1}, std::size_t{1000}}) {
      const Heard heard = hear(one_case.sent, step);
      EXPECT_TRUE(captures::contains(heard.fault, one_case.fault));
      if (step == 1000) {
        EXPECT_EQ(heard.left, one_case.left) << one_case.fault;
      }
      EXPECT_EQ(heard.data.size(), 0u);
    }
}

TEST(FrameStreams, A_broken_stream_stays_broken) {
  FrameStreams streams;
  const Octets wrong = control(STOP), right = control(START);
  EXPECT_EQ(streams.next(wrong).event, FrameStreams::Event::broken);
  EXPECT_EQ(streams.next(right).event, FrameStreams::Event::broken);
}

TEST(FrameStreams, Are_known_by_their_START_frame) {
  EXPECT_TRUE(looks_like_frame_streams(control(START, {our_content})));
  EXPECT_TRUE(looks_like_frame_streams(captures::part(control(START, {"other"}), 0, 12)));
  EXPECT_FALSE(looks_like_frame_streams(captures::part(control(START), 0, 11)));
  EXPECT_FALSE(looks_like_frame_streams(control(READY)));
  EXPECT_FALSE(looks_like_frame_streams(captures::file_header()));
  EXPECT_FALSE(looks_like_frame_streams({}));
}

}  // namespace
}  // namespace rata::capture
