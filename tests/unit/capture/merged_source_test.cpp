#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>

#include "captures.h"
#include "pcapng.h"

namespace rata::capture {
namespace {

using captures::Everything;
using captures::frame_octets;
using captures::Octets;

constexpr captures::Form plain;

/// A folder that goes with the test.
class Folder : public testing::Test {
 protected:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "rata-folder-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~Folder() override { std::filesystem::remove_all(path_); }

  std::string file(const std::string& name, const Octets& octets) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
    return path;
  }

  std::string path_;
};

/// A capture of frames that say when they came.
Octets capture_of(const std::vector<std::uint32_t>& seconds, std::uint32_t tag = 0, std::uint32_t link = 1) {
  const captures::Form form{.link_field = link};
  Octets octets = captures::file_header(form);
  for (const std::uint32_t second : seconds) {
    const Octets record = captures::record(form, second, 0, frame_octets(second + tag, 20));
    octets.insert(octets.end(), record.begin(), record.end());
  }
  return octets;
}

std::vector<std::int64_t> seconds_of(const Everything& everything) {
  std::vector<std::int64_t> seconds;
  for (const auto& kept : everything.frames) seconds.push_back(kept.frame.time.ns / util::ns_per_second);
  return seconds;
}

void expect_ordinals(const Everything& everything) {
  for (std::size_t i = 0; i < everything.frames.size(); ++i) ASSERT_EQ(everything.frames[i].frame.ordinal, i);
}

std::unique_ptr<Source> opened(const std::vector<std::string>& what) {
  auto source = open_sources(what);
  EXPECT_TRUE(source) << source.error().message;
  return std::move(*source);
}

std::string errors_of(const Source& source) {
  std::string text;
  for (const util::Error& error : source.errors()) text += error.message + "\n";
  return text;
}

TEST_F(Folder, FilesAreReadInTheOrderOfTheirTimeWhateverTheirNames) {
  file("a.pcap", capture_of({30, 31}));
  file("b.pcap.gz", captures::gzip(capture_of({10, 11})));
  file("c", capture_of({20, 21}, 0, 101));
  file("d-empty.pcap", capture_of({}, 0, 276));
  file(".hidden", capture_of({1}));
  std::filesystem::create_directory(path_ + "/inside");
  file("inside/e.pcap", capture_of({2}));
  const auto source = opened({path_});
  const Everything everything = captures::read_all(*source);
  EXPECT_EQ(seconds_of(everything), (std::vector<std::int64_t>{10, 11, 20, 21, 30, 31}));
  expect_ordinals(everything);
  EXPECT_EQ(errors_of(*source), "");
  EXPECT_EQ(source->name(), path_);
  EXPECT_EQ(source->stats().frames, 6u);
  EXPECT_EQ(source->stats().octets, 120u);
  EXPECT_FALSE(source->live());
  EXPECT_EQ(source->link_types(), (std::set<LinkType>{LinkType::Ethernet, LinkType::Raw, LinkType::LinuxSll2}));
}

TEST_F(Folder, OverlappingFilesAreMergedAndEqualStampsStayInTheOrderGiven) {
  const std::string b = file("b", capture_of({1, 3, 5, 5, 9}, 100)), a = file("a", capture_of({2, 3, 5, 6}, 200)),
                    c = file("c", capture_of({5, 7}, 50));
  const auto source = opened({b, a, c});
  const Everything everything = captures::read_all(*source);
  EXPECT_EQ(seconds_of(everything), (std::vector<std::int64_t>{1, 2, 3, 3, 5, 5, 5, 5, 6, 7, 9}));
  expect_ordinals(everything);
  const std::uint32_t tags[] = {100, 200, 100, 200, 100, 100, 200, 50, 200, 50, 100};
  for (std::size_t i = 0; i < std::size(tags); ++i)
    EXPECT_EQ(everything.frames[i].octets,
              frame_octets(static_cast<std::size_t>(seconds_of(everything)[i]) + tags[i], 20))
        << i;
  EXPECT_EQ(source->name(), b + " and 2 more");
}

TEST_F(Folder, TheFramesOfOneFileAreNeverReordered) {
  const auto source = opened({file("a", capture_of({5, 2, 9, 4})), file("b", capture_of({3, 6, 1, 8}))});
  const Everything everything = captures::read_all(*source);
  EXPECT_EQ(seconds_of(everything), (std::vector<std::int64_t>{3, 5, 2, 6, 1, 8, 9, 4}));
}

TEST_F(Folder, ManyFilesMergeToOneSequenceWithoutLoss) {
  std::mt19937 random(7);
  std::vector<std::vector<std::uint32_t>> files(40);
  std::vector<std::int64_t> expected;
  for (std::uint32_t i = 0; i < 30'000; ++i) {
    files[random() % (1 + i / 800) % files.size()].push_back(i);
    expected.push_back(i);
  }
  for (std::size_t i = 0; i < files.size(); ++i) file(std::to_string(i), capture_of(files[i]));
  const Everything everything = captures::read_all(*opened({path_}));
  EXPECT_EQ(seconds_of(everything), expected);
  expect_ordinals(everything);
  for (std::size_t i = 0; i < everything.frames.size(); ++i)
    ASSERT_EQ(everything.frames[i].octets, frame_octets(i, 20)) << "zero-copy, yet whole";
}

TEST_F(Folder, OfManyRotatedFilesFewAreOpenAtATime) {
  constexpr std::uint32_t count = 300;
  std::vector<std::int64_t> expected(count * 2);
  std::iota(expected.begin(), expected.end(), 0);
  for (std::uint32_t i = 0; i < count; ++i) file("r" + std::to_string(i), capture_of({2 * i, 2 * i + 1}));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{40, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto source = opened({path_});
  const Everything everything = captures::read_all(*source);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(errors_of(*source), "");
  EXPECT_EQ(seconds_of(everything), expected);
}

/// Fewer descriptors for a while.
class OpenFilesLimit {
 public:
  OpenFilesLimit() { EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0); }
  ~OpenFilesLimit() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }
  void set_soft(rlim_t soft) const {
    const rlimit changed{soft, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &changed), 0);
  }
  rlim_t hard() const { return before_.rlim_max; }

 private:
  rlimit before_{};
};

TEST_F(Folder, MoreOverlappingFilesThanMayBeOpenRaiseTheLimitAsFarAsItGoes) {
  constexpr std::uint32_t count = 200;
  const OpenFilesLimit limit;
  if (limit.hard() < 2 * count) GTEST_SKIP() << "the hard limit of open files is too low";
  std::vector<std::int64_t> expected;
  for (std::uint32_t i = 0; i < count; ++i) file("o" + std::to_string(i), capture_of({i, 1000 + i}));
  for (std::uint32_t i = 0; i < count; ++i) expected.push_back(i);
  for (std::uint32_t i = 0; i < count; ++i) expected.push_back(1000 + i);
  limit.set_soft(60);
  const auto source = opened({path_});
  const Everything everything = captures::read_all(*source);
  EXPECT_EQ(errors_of(*source), "");
  EXPECT_EQ(seconds_of(everything), expected);
}

TEST_F(Folder, MembersWithLittleRoomReadRecordsOfAnySize) {
  constexpr std::uint32_t count = 40;
  Octets large = captures::record(plain, 500, 0, frame_octets(1, 100'000));
  for (std::uint32_t i = 0; i < count; ++i) {
    Octets octets = capture_of({i});
    for (std::uint32_t more = 0; more < 3; ++more) octets.insert(octets.end(), large.begin(), large.end());
    file("o" + std::to_string(i), octets);
  }
  const auto source = opened({path_});
  const Everything everything = captures::read_all(*source);
  EXPECT_EQ(errors_of(*source), "");
  ASSERT_EQ(everything.frames.size(), 4 * count);
  for (std::size_t i = count; i < everything.frames.size(); ++i)
    ASSERT_EQ(everything.frames[i].octets, frame_octets(1, 100'000));
}

TEST_F(Folder, OfManyComplaintsTheFirstAreToldAndTheOthersCounted) {
  Octets cut = capture_of({1, 2});
  cut.pop_back();
  std::vector<std::string> files;
  for (int i = 0; i < 50; ++i) files.push_back(file("cut" + std::to_string(i), cut));
  const auto source = opened(files);
  EXPECT_EQ(captures::read_all(*source).frames.size(), 50u);
  ASSERT_EQ(source->errors().size(), max_told_errors + 1);
  EXPECT_TRUE(captures::contains(source->errors().back().message, "and 34 more complaints, the last: "));
}

TEST_F(Folder, WhatMembersLeaveOutAddsUp) {
  std::vector<std::string> files;
  for (const std::uint64_t seconds : {10u, 20u, 10u}) {
    captures::Pcapng content;
    content.section().interface(1).enhanced(0, seconds * 1'000'000, frame_octets(0, 8));
    content.enhanced(1, seconds * 1'000'000, frame_octets(1, 8)).enhanced(7, 0, frame_octets(2, 8));
    files.push_back(file(std::to_string(files.size()), content.octets()));
  }
  const auto source = opened(files);
  std::vector<Frame> batch;
  EXPECT_EQ(source->read(batch), Read::frames);
  EXPECT_EQ(source->stats().left_out, 4u) << "of the two that are open";
  captures::read_all(*source);
  EXPECT_EQ(source->stats().left_out, 6u);
  EXPECT_EQ(source->stats().frames, 3u);
}

TEST_F(Folder, WhatFailsIsNamedAndDoesNotStopTheOthers) {
  Octets cut = capture_of({1, 2});
  cut.pop_back();
  const auto source = opened({file("cut", cut), file("text", {'h', 'e', 'l', 'l', 'o'}), file("good", capture_of({3})),
                              path_ + "/not-there", file("empty", {})});
  const Everything everything = captures::read_all(*source);
  EXPECT_EQ(seconds_of(everything), (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(source->errors().size(), 4u);
  const std::string errors = errors_of(*source);
  for (const char* says :
       {"/cut: cut at offset 60: ", "/text: is no capture file", "/not-there: neither a file", "/empty: is empty"})
    EXPECT_TRUE(captures::contains(errors, path_ + says));
}

TEST_F(Folder, OfManyFilesThatAreNoCapturesSomeAreNamedAndTheOthersCounted) {
  for (int i = 0; i < 12; ++i) file("note" + std::to_string(i), {'n', 'o'});
  file("x.pcap", capture_of({4}));
  const auto source = opened({path_});
  EXPECT_EQ(captures::read_all(*source).frames.size(), 1u);
  ASSERT_EQ(source->errors().size(), 6u);
  EXPECT_EQ(source->errors().back().message, path_ + ": 7 more files in it cannot be read");
}

TEST_F(Folder, WithNothingToReadSaysSo) {
  const auto empty = open_sources({path_});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message,
            path_ + ": is a folder without files; a capture file, or a folder of them, can be read");
  for (int i = 0; i < 9; ++i) file("note" + std::to_string(i), {'n', 'o'});
  const auto none = open_source(path_);
  ASSERT_FALSE(none);
  EXPECT_TRUE(captures::contains(none.error().message, "/note0: is no capture file that can be read"));
  EXPECT_TRUE(captures::contains(none.error().message, "; and 1 more"));
}

TEST_F(Folder, OfCapturesWithoutAFrameIsFine) {
  const auto source = opened({file("a", capture_of({})), file("b", capture_of({}))});
  EXPECT_TRUE(captures::read_all(*source).frames.empty());
  EXPECT_EQ(errors_of(*source), "");
}

TEST_F(Folder, AFileThatIsGoneWhenItsTimeComesIsNamed) {
  const std::string first = file("first", capture_of({1})), second = file("second", capture_of({2}));
  const auto source = opened({first, second});
  std::filesystem::remove(second);
  EXPECT_EQ(captures::read_all(*source).frames.size(), 1u);
  EXPECT_TRUE(captures::contains(errors_of(*source), second + ": "));
}

TEST_F(Folder, StopEndsTheReading) {
  const auto source = opened({file("a", capture_of({1})), file("b", capture_of({2}))});
  source->stop();
  const Everything everything = captures::read_all(*source);
  EXPECT_TRUE(everything.frames.empty());
  EXPECT_EQ(everything.error, "");
}

TEST_F(Folder, ALiveInterfaceHasToBeAlone) {
  const std::string capture = file("a", capture_of({1}));
  const auto alone = open_source("lo");
  if (!alone) GTEST_SKIP() << alone.error().message;
  const auto mixed = open_sources({capture, "lo"});
  ASSERT_FALSE(mixed);
  EXPECT_TRUE(captures::contains(mixed.error().message, "lo: is live, and cannot be read together with others"));
}

}  // namespace
}  // namespace rata::capture
