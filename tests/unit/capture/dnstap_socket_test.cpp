#include "capture/dnstap_socket.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>

#include "capture/dnstap_writer.h"
#include "dnstap.h"

namespace rata::capture {
namespace {

using captures::joined;
using captures::Octets;
using dnstap::control;
using std::chrono::steady_clock;

Octets message(std::size_t number) {
  return dnstap::data(dnstap::dnstap(dnstap::message(5, 1, 1000 + number, captures::frame_octets(number, 40))));
}

Octets start() { return control(dnstap::START, {dnstap::our_content}); }

void send(const Descriptor& to, const Octets& octets) {
  ASSERT_EQ(::send(to.number(), octets.data(), octets.size(), MSG_NOSIGNAL), static_cast<ssize_t>(octets.size()));
}

/// What waits to be read; the other end's closing is an empty answer.
Octets received(const Descriptor& from) {
  Octets octets(1000);
  const ssize_t got = ::recv(from.number(), octets.data(), octets.size(), 0);
  EXPECT_GE(got, 0) << std::strerror(errno);
  octets.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return octets;
}

/// A writer of ours and the other end of its connection.
struct Peer {
  Peer() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    far = Descriptor(ends[0]);
    writer = std::make_unique<DnstapWriter>(Descriptor(ends[1]), 1);
  }

  void hear(const Octets& octets) {
    send(far, octets);
    writer->receive();
    batch.begin(frames);
    writer->take_frames(batch);
  }

  Descriptor far;
  std::unique_ptr<DnstapWriter> writer;
  DnstapBatch batch{nullptr};
  std::vector<Frame> frames;
};

TEST(DnstapWriter, Goes_when_its_handshake_has_ended) {
  Peer peer;
  peer.hear(control(dnstap::READY));
  peer.hear(joined({start(), message(0), control(dnstap::STOP)}));
  EXPECT_EQ(peer.frames.size(), 1u);
  EXPECT_EQ(received(peer.far), joined({control(dnstap::ACCEPT), control(dnstap::FINISH)}));
  EXPECT_TRUE(peer.writer->ended());
  EXPECT_EQ(peer.writer->fault(), "");
  EXPECT_EQ(peer.writer->left_out(), 0u);
}

TEST(DnstapWriter, Goes_when_it_stays_silent_before_or_behind_its_stream) {
  const auto begin = steady_clock::now();
  const auto within = begin + std::chrono::seconds(10), after = within + std::chrono::milliseconds(1);
  for (const Octets& sent : {Octets{}, joined({start(), control(dnstap::STOP)}), start()}) {
    Peer peer;
    if (!sent.empty()) peer.hear(sent);
    const bool under_way = sent.size() == start().size(), begun = !sent.empty();
    peer.writer->check_patience(begin);
    peer.writer->check_patience(within);
    EXPECT_FALSE(peer.writer->ended());
    peer.writer->check_patience(after);
    EXPECT_EQ(peer.writer->ended(), !under_way) << "a stream under way may be silent for ever";
    EXPECT_EQ(peer.writer->fault().empty(), begun);
  }
}

TEST(DnstapWriter, That_begins_another_stream_in_time_is_heard) {
  const auto begin = steady_clock::now();
  Peer peer;
  peer.hear(joined({start(), control(dnstap::STOP)}));
  peer.writer->check_patience(begin);
  peer.hear(joined({start(), message(0)}));
  EXPECT_EQ(peer.frames.size(), 1u);
  peer.writer->check_patience(begin + std::chrono::seconds(11));
  EXPECT_FALSE(peer.writer->ended());
  peer.hear(control(dnstap::STOP));
  peer.writer->check_patience(begin + std::chrono::seconds(12));
  EXPECT_FALSE(peer.writer->ended()) << "the time runs anew";
}

TEST(DnstapWriter, Counts_the_data_frame_that_it_left_damaged_or_cut) {
  const struct {
    Octets sent;
    const char* fault;
    std::uint64_t left_out;
  } cases[] = {
      {joined({start(), message(0)}), "", 0},
      {joined({start(), captures::part(message(0), 0, 20)}), "was cut inside a frame", 1},
      {joined({start(), captures::part(message(0), 0, 2)}), "was cut inside a frame", 1},
      {joined({start(), dnstap::word(9'000'000)}), "a data frame says that it has 9000000 octets", 1},
      {message(0), "stands where a START frame belongs", 1},
      {joined({control(dnstap::READY), start(), control(dnstap::STOP), message(0)}), "where a START frame belongs", 1},
      {joined({start(), start()}), "a START frame comes when the stream is under way", 0},
      {captures::part(start(), 0, 9), "was cut inside a frame", 0},
      {control(dnstap::READY, {"text:log"}), "the content is", 0},
  };
  for (const auto& one : cases) {
    Peer peer;
    peer.hear(one.sent);
    ::shutdown(peer.far.number(), SHUT_WR);
    if (!peer.writer->ended()) peer.writer->receive();
    EXPECT_TRUE(peer.writer->ended());
    EXPECT_TRUE(captures::contains(peer.writer->fault(), one.fault));
    EXPECT_EQ(peer.writer->fault().empty(), *one.fault == '\0');
    EXPECT_EQ(peer.writer->left_out(), one.left_out) << one.fault;
  }
}

/// A source that listens at a Unix socket.
class Listening {
 public:
  Listening() : place_({}), path_(place_.path() + ".sock") {
    source = *listen_dnstap_unix("dnstap:" + path_, path_, {});
  }

  Descriptor connect() const {
    Descriptor end(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(end.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return end;
  }

  /// Reads until frames come; gives up after a few seconds.
  std::size_t read_frames() {
    for (const auto end = steady_clock::now() + std::chrono::seconds(20); steady_clock::now() < end;)
      if (source->read(batch) == Read::frames) return batch.size();
    return 0;
  }

  std::unique_ptr<Source> source;
  std::vector<Frame> batch;

 private:
  captures::File place_;
  std::string path_;
};

TEST(DnstapSocket, Hands_over_what_lies_whole_in_its_buffers_when_it_is_stopped) {
  Listening listening;
  const Descriptor writer = listening.connect();
  constexpr std::size_t count = max_batch + 100;
  Octets messages;
  for (std::size_t i = 0; i < count; ++i) messages = joined({messages, message(i)});
  ASSERT_LT(messages.size(), 128u * 1024) << "comes in one read";
  send(writer, joined({start(), messages, captures::part(message(0), 0, 9)}));
  ASSERT_EQ(listening.read_frames(), max_batch);
  listening.source->stop();
  ASSERT_EQ(listening.source->read(listening.batch), Read::frames);
  EXPECT_EQ(listening.batch.size(), 100u);
  EXPECT_EQ(listening.source->read(listening.batch), Read::end);
  EXPECT_EQ(listening.source->stats().frames, count);
}

TEST(DnstapSocket, Tells_what_a_writer_did_wrong_and_is_sound_itself) {
  Listening listening;
  {
    const Descriptor wrong = listening.connect();
    send(wrong, joined({start(), message(0), dnstap::word(9'000'000)}));
    ASSERT_EQ(listening.read_frames(), 1u);
  }
  const Descriptor good = listening.connect();
  send(good, joined({start(), message(1)}));
  ASSERT_EQ(listening.read_frames(), 1u);
  listening.source->stop();
  EXPECT_EQ(listening.source->read(listening.batch), Read::end);
  EXPECT_TRUE(listening.source->errors().empty());
  ASSERT_EQ(listening.source->complaints().size(), 1u);
  EXPECT_TRUE(captures::contains(listening.source->complaints()[0].message, "writer 1: a data frame says that"));
  EXPECT_EQ(listening.source->stats().left_out, 1u);
}

/// As many descriptors as are open, until it goes.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::dup(0);
    ::close(lowest);
    rlimit less = before_;
    less.rlim_cur = static_cast<rlim_t>(lowest);
    ::setrlimit(RLIMIT_NOFILE, &less);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(DnstapSocket, Waits_when_there_is_no_descriptor_for_a_writer_and_lets_it_in_later) {
  Listening listening;
  const Descriptor writer = listening.connect();
  send(writer, joined({start(), message(0)}));
  {
    const NoMoreDescriptors none;
    const auto begin = steady_clock::now();
    std::size_t reads = 0;
    for (; steady_clock::now() - begin < std::chrono::milliseconds(1300); ++reads)
      ASSERT_EQ(listening.source->read(listening.batch), Read::idle);
    EXPECT_LE(reads, 12u) << "at once, every 200 ms, and once more after a second";
  }
  EXPECT_EQ(listening.read_frames(), 1u);
  ASSERT_EQ(listening.source->complaints().size(), 1u) << "said once";
  EXPECT_TRUE(
      captures::contains(listening.source->complaints()[0].message, "a writer cannot be let in: Too many open"));
}

}  // namespace
}  // namespace rata::capture
