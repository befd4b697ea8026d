#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "capture/file_source.h"
#include "captures.h"
#include "packing.h"

namespace rata::capture {
namespace {

using captures::Form;
using captures::Octets;

constexpr Form plain;

/// Both ends of a pipe, the reading one as a source.
class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    writer_ = Descriptor(ends[1]);
    source = *open_capture("-", Descriptor(ends[0]), true);
  }

  void write(std::span<const std::uint8_t> octets) const {
    EXPECT_EQ(::write(writer_.number(), octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  }
  void close() { writer_ = Descriptor(); }

  std::unique_ptr<Source> source;

 private:
  Descriptor writer_;
};

Octets record(std::size_t number) {
  return captures::record(plain, static_cast<std::uint32_t>(number), 0, captures::frame_octets(number, 100));
}

TEST(Pipe, HandsOutEachRecordAsSoonAsItIsWhole) {
  Pipe pipe;
  std::vector<Frame> batch;
  EXPECT_EQ(pipe.source->read(batch), Read::idle) << "not even a header yet";
  pipe.write(captures::part(captures::file_header(), 0, 10));
  EXPECT_EQ(pipe.source->read(batch), Read::idle);
  pipe.write(
      captures::joined({captures::part(captures::file_header(), 10, 24), record(0), captures::part(record(1), 0, 50)}));
  ASSERT_EQ(pipe.source->read(batch), Read::frames);
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(batch[0].ordinal, 0u);
  EXPECT_EQ(pipe.source->read(batch), Read::idle);
  EXPECT_TRUE(batch.empty());
  pipe.write(captures::part(record(1), 50, 116));
  ASSERT_EQ(pipe.source->read(batch), Read::frames);
  EXPECT_EQ(Octets(batch[0].octets.begin(), batch[0].octets.end()), captures::frame_octets(1, 100));
  pipe.close();
  EXPECT_EQ(pipe.source->read(batch), Read::end);
  EXPECT_TRUE(pipe.source->errors().empty());
}

TEST(Pipe, TakesAnyDivisionOfTheOctets) {
  Octets octets = captures::file_header();
  for (std::size_t i = 0; i < 50; ++i) octets = captures::joined({octets, record(i)});
  std::vector<Octets> forms = {octets};
  for (const captures::Packing& packing : captures::packings) forms.push_back(packing.pack(octets));
  for (const Octets& sent : forms) {
    for (const std::size_t step : {1u, 7u, 116u, 1000u}) {
      Pipe pipe;
      std::jthread writer([&] {
        for (std::size_t at = 0; at < sent.size(); at += step)
          pipe.write(std::span(sent).subspan(at, std::min(step, sent.size() - at)));
        pipe.close();
      });
      const auto everything = captures::read_all(*pipe.source);
      EXPECT_EQ(everything.error, "");
      ASSERT_EQ(everything.frames.size(), 50u);
      for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(everything.frames[i].octets, captures::frame_octets(i, 100));
    }
  }
}

TEST(Pipe, NamesStandardInputInItsErrors) {
  const struct {
    Octets octets;
    const char* says;
  } cases[] = {
      {{}, "standard input: is empty"},
      {{'h', 'e', 'l', 'l', 'o'},
       "standard input: is no capture file that can be read: it starts with \"68 65 6c 6c 6f\""},
      {captures::joined({captures::file_header(), captures::part(record(0), 0, 20)}),
       "standard input: cut at offset 24: the record there wants 116 octets, 20 are left"},
  };
  for (const auto& one : cases) {
    Pipe pipe;
    pipe.write(one.octets);
    pipe.close();
    EXPECT_TRUE(captures::contains(captures::read_all(*pipe.source).error, one.says));
    EXPECT_EQ(pipe.source->name(), "-");
  }
}

TEST(Pipe, StopWakesAReadThatWaits) {
  for (const bool compressed : {false, true}) {
    Pipe pipe;
    const Octets header = captures::file_header();
    pipe.write(compressed ? captures::gzip(header) : header);
    const auto start = std::chrono::steady_clock::now();
    std::jthread stopper([&] { pipe.source->stop(); });
    std::vector<Frame> batch;
    while (pipe.source->read(batch) != Read::end) {
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    EXPECT_TRUE(pipe.source->errors().empty());
  }
}

TEST(Pipe, IsMergedWithFilesAndWaitedFor) {
  const captures::File place({});
  const std::string path = place.path() + ".fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const captures::File file(captures::joined({captures::file_header(), record(1), record(3)}));
  std::jthread writer([&] {
    const Descriptor end(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    for (const Octets& octets : {captures::file_header(), record(2), record(4)})
      EXPECT_EQ(::write(end.number(), octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  });
  const auto source = open_sources({file.path(), path});
  ASSERT_TRUE(source);
  const auto everything = captures::read_all(**source);
  EXPECT_EQ(everything.error, "");
  ASSERT_EQ(everything.frames.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(everything.frames[i].octets, captures::frame_octets(i + 1, 100));
  ::unlink(path.c_str());
}

TEST(Pipe, WithANameIsIdleUntilAWriterComes) {
  const captures::File place({});
  const std::string path = place.path() + ".fifo";
  for (const std::string format : {"", "dnstap:", "speedy:"}) {
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const auto source = open_source(format + path);
    ASSERT_TRUE(source);
    std::vector<Frame> batch;
    EXPECT_EQ((*source)->read(batch), Read::idle) << format;
    EXPECT_EQ((*source)->read(batch), Read::idle) << format;
    {
      const Descriptor writer(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    }
    Read read = Read::idle;
    for (int i = 0; i < 10 && read == Read::idle; ++i) read = (*source)->read(batch);
    EXPECT_EQ(read, Read::end) << format << "a writer came and went";
    ::unlink(path.c_str());
  }
}

TEST(Pipe, WithANameIsStoppedWhileItWaitsForAWriter) {
  const captures::File capture(captures::joined({captures::file_header(), record(1)}));
  const std::string path = capture.path() + ".fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  for (const std::vector<std::string>& what : {std::vector{path}, std::vector{path, capture.path()}}) {
    const auto source = open_sources(what);
    ASSERT_TRUE(source);
    std::vector<Frame> batch;
    EXPECT_EQ((*source)->read(batch), Read::idle);
    (*source)->stop();
    EXPECT_EQ((*source)->read(batch), Read::end);
    EXPECT_TRUE((*source)->errors().empty());
  }
  ::unlink(path.c_str());
}

TEST(Pipe, WithANameInAFolderIsReadLikeStandardInput) {
  const captures::File place({});
  const std::string path = place.path() + ".fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::jthread writer([&] {
    const Descriptor end(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    const Octets octets = captures::joined({captures::file_header(), record(0)});
    EXPECT_EQ(::write(end.number(), octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  });
  const auto source = open_source(path);
  ASSERT_TRUE(source);
  EXPECT_EQ(captures::read_all(**source).frames.size(), 1u);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace rata::capture
