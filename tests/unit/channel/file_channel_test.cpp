#include "channel/file_channel.h"
#include "numbered.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace rata::channel {
namespace {

namespace fs = std::filesystem;

summary::Summary summary_of(const std::string& type) {
  summary::Summary summary;
  summary.type = type;
  summary.data = summary::Rate{.name = "qps", .count = 1, .seconds = 1};
  return summary;
}

std::string line_of(const std::string& type) { return summary::to_json(summary_of(type)) + "\n"; }

class SetClock final : public util::Clock {
 public:
  util::Time now() const override { return time; }
  util::Time time = *util::parse_time("2026-11-21T10:15:00Z");
};

class FileChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("ratadns-file-channel-test-" + std::to_string(getpid()));
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Settings settings() const { return {.url = "file://" + (folder_ / "log.jsonl").string()}; }
  std::unique_ptr<Channel> open(const Settings& settings) {
    auto opened = open_file_channel(settings, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  static Attempt send(Channel& channel, const std::string& type) {
    const summary::Summary batch[] = {summary_of(type)};
    return channel.send(batch);
  }
  static void must_send(Channel& channel, const std::string& type) {
    const Attempt attempt = send(channel, type);
    EXPECT_EQ(attempt.state, Attempt::State::sent) << attempt.why;
    EXPECT_EQ(attempt.why, "");
  }
  std::string content(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) found.insert(entry.path().filename());
    return found;
  }

  fs::path folder_;
  SetClock clock_;
};

using Names = std::set<std::string>;

TEST_F(FileChannelTest, A_file_is_finished_before_it_grows_beyond_its_size) {
  Settings settings = this->settings();
  settings.rotate_mib = 1;
  const auto channel = open(settings);
  const std::string large(600'000, 'x'), small = "small";
  must_send(*channel, large);
  must_send(*channel, small);
  EXPECT_EQ(names(), Names{"log.jsonl"});
  must_send(*channel, large);
  EXPECT_EQ(names(), (Names{"log.jsonl", "log-20261121T101500Z.jsonl"}));
  EXPECT_EQ(content("log-20261121T101500Z.jsonl"), line_of(large) + line_of(small));
  EXPECT_EQ(content("log.jsonl"), line_of(large));
}

TEST_F(FileChannelTest, A_file_is_finished_when_its_time_is_over_and_empty_ones_are_not) {
  Settings settings = this->settings();
  settings.rotate_seconds = 3600;
  const auto channel = open(settings);
  clock_.time.ns += 7200 * util::ns_per_second;
  must_send(*channel, "12h");
  clock_.time.ns += 2699 * util::ns_per_second;
  must_send(*channel, "12h too");
  EXPECT_EQ(names(), Names{"log.jsonl"});
  clock_.time.ns += util::ns_per_second;  // 13:00:00
  must_send(*channel, "13h");
  EXPECT_EQ(content("log-20261121T130000Z.jsonl"), line_of("12h") + line_of("12h too"));
  EXPECT_EQ(content("log.jsonl"), line_of("13h"));
}

TEST_F(FileChannelTest, The_age_of_what_an_earlier_run_wrote_counts) {
  Settings settings = this->settings();
  settings.rotate_seconds = 60;
  must_send(*open(settings), "before");
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                             {.tv_sec = clock_.time.ns / util::ns_per_second - 61, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, (folder_ / "log.jsonl").c_str(), times, 0), 0);
  must_send(*open(settings), "after");
  EXPECT_EQ(content("log-20261121T101500Z.jsonl"), line_of("before"));
  EXPECT_EQ(content("log.jsonl"), line_of("after"));
}

TEST_F(FileChannelTest, Finished_files_never_take_the_place_of_others_and_only_the_newest_stay) {
  Settings settings = this->settings();
  settings.rotate_seconds = 1;
  settings.keep = 3;
  std::ofstream(folder_ / "log-20261121T101501Z.jsonl") << "of somebody else";
  std::ofstream(folder_ / "log-notes.jsonl") << "no finished file";
  const auto channel = open(settings);
  for (int i = 0; i < 2; ++i) {
    must_send(*channel, std::to_string(i));
    clock_.time.ns += util::ns_per_second;
  }
  EXPECT_EQ(names(),
            (Names{"log.jsonl", "log-notes.jsonl", "log-20261121T101501Z.jsonl", "log-20261121T101501Z-1.jsonl"}));
  EXPECT_EQ(content("log-20261121T101501Z.jsonl"), "of somebody else");
  for (int i = 2; i < 6; ++i) {
    must_send(*channel, std::to_string(i));
    clock_.time.ns += util::ns_per_second;
  }
  EXPECT_EQ(names(), (Names{"log.jsonl", "log-notes.jsonl", "log-20261121T101503Z.jsonl", "log-20261121T101504Z.jsonl",
                            "log-20261121T101505Z.jsonl"}));
  EXPECT_EQ(content("log-20261121T101505Z.jsonl"), line_of("4"));
}

std::string unzstd(const std::string& octets) {
  std::string plain;
  for (std::size_t at = 0; at < octets.size();) {
    const std::size_t size = ZSTD_findFrameCompressedSize(octets.data() + at, octets.size() - at);
    if (ZSTD_isError(size) != 0) return plain + "(damaged)";
    std::string frame(ZSTD_getFrameContentSize(octets.data() + at, size), '\0');
    EXPECT_EQ(ZSTD_decompress(frame.data(), frame.size(), octets.data() + at, size), frame.size());
    plain += frame;
    at += size;
  }
  return plain;
}

std::string gunzip(const fs::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string plain(1 << 20, '\0');
  plain.resize(static_cast<std::size_t>(gzread(file, plain.data(), static_cast<unsigned>(plain.size()))));
  EXPECT_EQ(gzclose(file), Z_OK);
  return plain;
}

TEST_F(FileChannelTest, A_compressed_file_can_be_read_after_every_batch) {
  Settings settings = this->settings();
  settings.compress = Compression::zstd;
  const auto zstd = open(settings);
  settings.compress = Compression::gzip;
  const auto gzip = open(settings);
  std::string all;
  for (const char* type : {"one", "two", "three"}) {
    must_send(*zstd, type);
    must_send(*gzip, type);
    all += line_of(type);
    EXPECT_EQ(unzstd(content("log.jsonl.zst")), all);
    EXPECT_EQ(gunzip(folder_ / "log.jsonl.gz"), all);
  }
}

TEST_F(FileChannelTest, What_an_earlier_run_compressed_is_finished_first_since_it_may_end_in_half_a_frame) {
  Settings settings = this->settings();
  settings.url += ".zst";  // the suffix is not doubled
  settings.compress = Compression::zstd;
  must_send(*open(settings), "before");
  std::ofstream(folder_ / "log.jsonl.zst", std::ios::app) << "\x28\xb5\x2f\xfd";
  must_send(*open(settings), "after");
  EXPECT_EQ(names(), (Names{"log.jsonl.zst", "log-20261121T101500Z.jsonl.zst"}));
  EXPECT_EQ(unzstd(content("log-20261121T101500Z.jsonl.zst")), line_of("before") + "(damaged)");
  EXPECT_EQ(unzstd(content("log.jsonl.zst")), line_of("after"));
}

TEST_F(FileChannelTest, Half_a_line_of_an_earlier_run_stands_alone) {
  std::ofstream(folder_ / "log.jsonl") << "{\"type\":";
  must_send(*open(settings()), "after");
  EXPECT_EQ(content("log.jsonl"), "{\"type\":\n" + line_of("after"));
}

TEST_F(FileChannelTest, A_file_that_was_removed_or_renamed_is_begun_anew) {
  const auto channel = open(settings());
  must_send(*channel, "one");
  fs::rename(folder_ / "log.jsonl", folder_ / "log.jsonl.1");
  must_send(*channel, "two");
  EXPECT_EQ(content("log.jsonl"), line_of("two"));
  fs::remove(folder_ / "log.jsonl");
  must_send(*channel, "three");
  EXPECT_EQ(content("log.jsonl"), line_of("three"));
  EXPECT_EQ(content("log.jsonl.1"), line_of("one"));
  fs::resize_file(folder_ / "log.jsonl", 0);  // logrotate's copytruncate
  must_send(*channel, "four");
  EXPECT_EQ(content("log.jsonl"), line_of("four"));
}

TEST_F(FileChannelTest, A_folder_that_is_gone_is_waited_for) {
  const auto channel = open(settings());
  fs::rename(folder_, folder_.string() + "-away");
  const Attempt attempt = send(*channel, "one");
  EXPECT_EQ(attempt.state, Attempt::State::try_again);
  EXPECT_EQ(attempt.why, "cannot open " + (folder_ / "log.jsonl").string() + " for writing: No such file or directory");
  fs::rename(folder_.string() + "-away", folder_);
  must_send(*channel, "one");
  EXPECT_EQ(content("log.jsonl"), line_of("one"));
}

TEST_F(FileChannelTest, A_disk_that_is_full_in_the_middle_of_a_batch_leaves_nothing_half_written) {
  for (const Compression compress : {Compression::none, Compression::gzip, Compression::zstd}) {
    Settings settings = this->settings();
    settings.compress = compress;
    const auto channel = open(settings);
    must_send(*channel, "one");
    const std::string name = *names().begin(), before = content(name);
    {
      const DiskOf octets(before.size() + 20);
      const Attempt attempt = send(*channel, "two");
      EXPECT_EQ(attempt.state, Attempt::State::try_again);
      EXPECT_NE(attempt.why.find("octets to " + (folder_ / name).string() + ": File too large"), std::string::npos)
          << attempt.why;
      EXPECT_EQ(content(name), before);
    }
    must_send(*channel, "two");
    EXPECT_GT(content(name).size(), before.size() + 20);
    EXPECT_EQ(content(name).substr(0, before.size()), before);
    fs::remove(folder_ / name);
  }
}

TEST_F(FileChannelTest, A_disk_that_is_full_in_the_middle_of_a_batch_keeps_the_whole_lines_and_says_which_they_are) {
  const auto batch_of = [](const auto&... types) { return std::vector{summary_of(types)...}; };
  for (const bool half_a_line_before : {false, true}) {
    const std::string earlier = half_a_line_before ? "{\"type\":" : "",
                      ended = half_a_line_before ? earlier + "\n" : "";
    std::ofstream(folder_ / "log.jsonl") << earlier;
    const auto channel = open(settings());
    {
      const DiskOf octets(ended.size() + line_of("one").size() + line_of("two").size() + 20);
      const Attempt attempt = channel->send(batch_of("one", "two", "three", "four"));
      EXPECT_EQ(attempt.state, Attempt::State::try_again);
      EXPECT_EQ(attempt.out, (std::vector{true, true, false, false}));
      EXPECT_EQ(content("log.jsonl"), ended + line_of("one") + line_of("two"));
      const Attempt next = channel->send(batch_of("three", "four"));
      EXPECT_EQ(next.state, Attempt::State::try_again);
      EXPECT_EQ(next.out, (std::vector{false, false}));
    }
    EXPECT_EQ(channel->send(batch_of("three", "four")).state, Attempt::State::sent);
    EXPECT_EQ(content("log.jsonl"), ended + line_of("one") + line_of("two") + line_of("three") + line_of("four"));
  }
}

TEST_F(FileChannelTest, A_disk_without_room_for_one_octet_takes_none) {
  std::ofstream(folder_ / "log.jsonl") << "{\"type\":";
  const auto channel = open(settings());
  {
    const DiskOf octets(content("log.jsonl").size() + 1);  // for the end of the line that was there
    EXPECT_EQ(send(*channel, "one").out, std::vector{false});
  }
  {
    const DiskOf octets(content("log.jsonl").size());
    EXPECT_EQ(send(*channel, "one").state, Attempt::State::try_again);
  }
  must_send(*channel, "one");
  EXPECT_EQ(content("log.jsonl"), "{\"type\":\n" + line_of("one"));
}

TEST_F(FileChannelTest, A_file_that_cannot_be_renamed_goes_on_being_written_and_that_is_said) {
  Settings settings = this->settings();
  settings.rotate_seconds = 1;
  settings.url = "file://" + (folder_ / (std::string(240, 'n') + ".jsonl")).string();  // too long with a time in it
  const auto channel = open(settings);
  must_send(*channel, "one");
  clock_.time.ns += util::ns_per_second;
  const Attempt attempt = send(*channel, "two");
  EXPECT_EQ(attempt.state, Attempt::State::sent);
  EXPECT_NE(attempt.why.find("File name too long; it goes on being written"), std::string::npos) << attempt.why;
  EXPECT_EQ(content(*names().begin()), line_of("one") + line_of("two"));
  // Not tried again at once, so that it is said once: a new try would name another time.
  clock_.time.ns += 2 * util::ns_per_second;
  EXPECT_EQ(send(*channel, "three").why, attempt.why);
  clock_.time.ns += 60 * util::ns_per_second;
  EXPECT_NE(send(*channel, "four").why, attempt.why);
}

TEST_F(FileChannelTest, Trying_a_file_leaves_nothing_behind_and_takes_nothing_away) {
  auto channel = open(settings());
  EXPECT_TRUE(channel->try_out());
  EXPECT_EQ(names(), Names{});
  must_send(*channel, "one");
  channel = open(settings());
  EXPECT_TRUE(channel->try_out());
  EXPECT_EQ(content("log.jsonl"), line_of("one"));
}

TEST_F(FileChannelTest, What_is_no_file_can_be_neither_rotated_nor_compressed) {
  const auto refused = [](const Settings& settings, const char* says) {
    const auto opened = open_file_channel(settings);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find(says), std::string::npos) << opened.error().message;
  };
  refused({.url = "file:///dev/null", .rotate_mib = 1}, "/dev/null is no regular file");
  refused({.url = "file:///tmp/", .rotate_mib = 1}, "the path has to be absolute: file:///var");
  refused({.url = "file:///tmp/x", .keep = 3}, "none is finished without rotate_mib, rotate_seconds or compress");
  EXPECT_TRUE(open_file_channel({.url = "file:///dev/null"}));
}

}  // namespace
}  // namespace rata::channel
