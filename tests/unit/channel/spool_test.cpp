#include "channel/spool.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "numbered.h"

namespace rata::channel {
namespace {

namespace fs = std::filesystem;

using Lines = std::map<std::uint64_t, std::string>;  // by the record's number

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void put(const fs::path& file, const std::string& octets) { std::ofstream(file, std::ios::binary) << octets; }

class SpoolTest : public testing::Test {
 protected:
  std::unique_ptr<Spool> open(std::uint64_t limit_mib = 16, Fsync fsync = Fsync::never) const {
    auto spool = Spool::open({.path = folder_.spool(), .limit_mib = limit_mib, .fsync = fsync});
    EXPECT_TRUE(spool) << spool.error().message;
    return spool ? std::move(*spool) : nullptr;
  }
  static std::uint64_t append(Spool& spool, const std::string& lines, std::uint32_t summaries = 1) {
    const auto number = spool.append(lines, summaries);
    EXPECT_TRUE(number) << number.error().message;
    return number ? *number : 0;
  }
  static Lines take_all(Spool& spool) {
    Lines all;
    while (const auto taken = spool.take()) {
      EXPECT_TRUE(all.empty() || all.rbegin()->first < taken->number) << "twice, or out of order: " << taken->number;
      all[taken->number] = taken->lines;
    }
    return all;
  }
  static void done(Spool& spool, const std::vector<std::uint64_t>& numbers) {
    const auto written = spool.done(numbers);
    EXPECT_TRUE(written) << written.error().message;
  }
  std::vector<fs::path> segments() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_.spool()))
      if (entry.path().extension() == ".spool") files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
  }

  TestFolder folder_;
};

TEST_F(SpoolTest, What_was_appended_and_is_not_done_is_there_after_a_restart) {
  {
    const auto spool = open();
    for (int i = 1; i <= 5; ++i) EXPECT_EQ(append(*spool, std::to_string(i), 2), static_cast<std::uint64_t>(i));
    done(*spool, {2, 3});
    EXPECT_EQ(spool->counters().waiting, 6u);
  }
  const auto spool = open();
  EXPECT_EQ(spool->counters().found, 6u);
  EXPECT_EQ(spool->counters().waiting, 6u);
  EXPECT_TRUE(spool->counters().oldest);
  EXPECT_EQ(take_all(*spool), (Lines{{1, "1"}, {4, "4"}, {5, "5"}}));
  EXPECT_FALSE(spool->take());
  spool->release(4, 2);
  EXPECT_EQ(take_all(*spool), (Lines{{4, "4"}}));
  EXPECT_EQ(append(*spool, "6"), 6u);
  done(*spool, {1, 4, 5, 6});
  EXPECT_EQ(spool->counters().waiting, 0u);
  EXPECT_FALSE(spool->counters().oldest);
}

TEST_F(SpoolTest, When_all_is_done_no_segment_stays_and_no_number_comes_twice) {
  for (std::uint64_t run = 0; run < 4; ++run) {
    const auto spool = open();
    EXPECT_EQ(spool->counters().found, 0u);
    EXPECT_TRUE(segments().empty());
    EXPECT_EQ(append(*spool, "a"), 2 * run + 1);
    EXPECT_EQ(append(*spool, "b"), 2 * run + 2);
    done(*spool, {2 * run + 1, 2 * run + 2});
  }
}

TEST_F(SpoolTest, Is_for_one_at_a_time) {
  const auto spool = open();
  const auto second = Spool::open({.path = folder_.spool()});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another one uses this folder; each channel of each process needs"),
            std::string::npos)
      << second.error().message;
}

TEST_F(SpoolTest, Names_what_is_wrong_with_its_settings) {
  put(folder_.path() / "file", "");
  const struct {
    Settings::Spool settings;
    const char* says;
  } cases[] = {{{.path = "relative"}, "the path has to be absolute"},
               {{.path = folder_.spool(), .limit_mib = 0}, "limit_mib has to be 1 or more"},
               {{.path = folder_.path() / "file"}, "has to be a folder that may be written"},
               {{.path = folder_.path() / "file" / "below"}, "cannot make the folder: Not a directory"}};
  for (const auto& test : cases) {
    const auto spool = Spool::open(test.settings);
    ASSERT_FALSE(spool) << test.says;
    EXPECT_NE(spool.error().message.find(test.says), std::string::npos) << spool.error().message;
  }
}

/// So that zstd makes nothing smaller of it.
std::string noise(std::size_t octets, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  while (text.size() < octets) append_number(text, random(), 8);
  return text;
}

TEST_F(SpoolTest, Beyond_its_limit_the_oldest_goes_and_is_counted_and_said_once) {
  const auto spool = open(1);
  const std::string large = noise(50'000, 1);
  for (int i = 0; i < 100; ++i) {
    spool->release(append(*spool, large, 3), 3);
    std::uint64_t octets = 0;
    for (const auto& file : segments()) octets += fs::file_size(file);
    EXPECT_EQ(spool->counters().octets, octets);
    EXPECT_LE(octets, 1u << 20);
  }
  const auto counters = spool->counters();
  EXPECT_EQ(counters.waiting + counters.dropped_full, 300u);
  EXPECT_GT(counters.waiting, 3 * 15u);
  const auto notes = spool->take_notes();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("is full (limit_mib = 1): the oldest that waits is dropped"), std::string::npos) << notes[0];
  const Lines left = take_all(*spool);
  EXPECT_EQ(left.size() * 3, counters.waiting);
  EXPECT_EQ(left.rbegin()->first, 100u);
  EXPECT_EQ(left.begin()->first, 101 - left.size()) << "only the oldest";
}

TEST_F(SpoolTest, What_is_done_gives_its_room_before_anything_that_waits) {
  const auto spool = open(1);
  const std::string large = noise(50'000, 1);
  std::uint64_t newest = 0;
  // As many as there is room for; two fill a segment.
  while (newest < 19) spool->release(newest = append(*spool, large), 1);
  const std::uint64_t last = append(*spool, large);
  EXPECT_FALSE(spool->has_room(large.size()));
  done(*spool, {last});
  EXPECT_EQ(segments().size(), 10u) << "the last record of the one that is written waits: nothing can go";
  EXPECT_FALSE(spool->has_room(large.size()));
  done(*spool, {newest});
  EXPECT_TRUE(spool->has_room(2 * large.size()));
  for (int i = 0; i < 2; ++i) spool->release(append(*spool, large), 1);
  EXPECT_EQ(spool->counters().dropped_full, 0u);
  EXPECT_EQ(spool->counters().waiting, 20u);
  EXPECT_FALSE(spool->has_room(large.size()));
}

/// Runs `body` on a thread for which `folder` is a disk of so many KiB. Skips, aloud, where there can be none.
void on_small_disk(const std::string& folder, unsigned kib, const std::function<void()>& body) {
  std::string why;
  std::thread([&] {
    const std::string options = "size=" + std::to_string(kib) + "k";
    if (unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        mount("none", folder.c_str(), "tmpfs", 0, options.c_str()) == 0)
      body();
    else
      why = std::strerror(errno);
  }).join();
  if (!why.empty()) GTEST_SKIP() << "no small disk can be made here: " << why;
}

TEST_F(SpoolTest, On_a_full_disk_what_is_done_gives_its_room) {
  on_small_disk(folder_.path(), 256, [&] {
    const auto spool = open(1);
    const std::string large = noise(50'000, 1);
    const std::uint64_t one = append(*spool, large), two = append(*spool, large);  // a segment
    done(*spool, {append(*spool, large)});
    std::ofstream rest(folder_.path() / "rest", std::ios::binary);
    while (rest.write(large.data(), 1000).flush()) continue;
    const auto number = spool->append(large, 1);
    ASSERT_TRUE(number) << number.error().message;
    EXPECT_FALSE(spool->append(large, 1)) << "now it is full of what waits";
    for (const std::uint64_t waits : {one, two, *number}) spool->release(waits, 1);
    EXPECT_EQ(take_all(*spool), (Lines{{one, large}, {two, large}, {*number, large}}));
    EXPECT_EQ(spool->counters().dropped_full, 0u);
  });
}

TEST_F(SpoolTest, What_the_sender_has_in_its_hands_is_not_dropped_unless_it_comes_back) {
  const auto spool = open(1);
  const std::string large = noise(50'000, 1);
  for (int i = 0; i < 30; ++i) append(*spool, large);
  EXPECT_EQ(spool->counters().dropped_full, 0u);
  spool->release(1, 1);
  EXPECT_EQ(spool->counters().dropped_full, 1u);
  done(*spool, {2, 3});
  EXPECT_EQ(spool->counters().dropped_full, 1u);
}

TEST_F(SpoolTest, Acks_survive_however_many_they_are) {
  std::vector<std::uint64_t> open_records;
  {
    const auto spool = open();
    for (int i = 0; i < 20'000; ++i) append(*spool, "x");
    std::mt19937_64 random(7);
    for (std::uint64_t number = 1; number <= 20'000; ++number)
      if (random() % 3 == 0)
        open_records.push_back(number);
      else
        done(*spool, {number});
    EXPECT_LT(fs::file_size(fs::path(folder_.spool()) / "acked"), 20'000u * 24);
  }
  std::vector<std::uint64_t> found;
  for (const auto& [number, lines] : take_all(*open())) found.push_back(number);
  EXPECT_EQ(found, open_records);
}

TEST_F(SpoolTest, A_full_disk_leaves_nothing_half_written) {
  const auto spool = open();
  append(*spool, "one");
  const std::string before = content(segments().front());
  {
    const DiskOf octets(before.size() + 20);
    const auto number = spool->append("two", 1);
    ASSERT_FALSE(number);
    EXPECT_NE(number.error().message.find(segments().front().string() + ": File too large"), std::string::npos)
        << number.error().message;
    EXPECT_EQ(content(segments().front()), before);
  }
  EXPECT_EQ(append(*spool, "two"), 2u);
  spool->release(1, 1);
  spool->release(2, 1);
  EXPECT_EQ(take_all(*spool), (Lines{{1, "one"}, {2, "two"}}));
}

TEST_F(SpoolTest, A_folder_that_was_removed_is_made_anew) {
  const auto spool = open();
  append(*spool, "one");
  fs::remove_all(folder_.spool());
  const auto number = spool->append("two", 1);
  ASSERT_FALSE(number);
  EXPECT_NE(number.error().message.find("was removed or moved while it was written"), std::string::npos);
  const std::uint64_t third = append(*spool, "three");
  EXPECT_FALSE(Spool::open({.path = folder_.spool()})) << "the lock is that of the new folder";
  spool->release(1, 1);
  spool->release(third, 1);
  EXPECT_EQ(take_all(*spool), (Lines{{third, "three"}}));
  EXPECT_EQ(spool->counters().unreadable, 1u);
  done(*spool, {third});
  EXPECT_EQ(spool->counters().waiting, 0u);
}

TEST_F(SpoolTest, Every_policy_keeps_and_syncs) {
  for (const Fsync fsync : {Fsync::always, Fsync::second, Fsync::never}) {
    const auto spool = open(16, fsync);
    const std::uint64_t number = append(*spool, "x");
    EXPECT_TRUE(spool->sync());
    done(*spool, {number});
  }
}

/// A spool of five records, of which two are done, to be damaged.
class DamagedSpoolTest : public SpoolTest {
 protected:
  void SetUp() override {
    const auto spool = open();
    for (int i = 1; i <= 5; ++i) {
      const std::string lines = "line " + std::to_string(i) + "\nand another\n";  // short: each octet is a test
      lines_[append(*spool, lines, 2)] = lines;
      ends_.push_back(fs::file_size(segments().front()));
    }
    done(*spool, {2});
    done(*spool, {5});
    file_ = segments().front();
    segment_ = content(file_);
    acked_ = content(acked_file());
  }
  fs::path acked_file() const { return fs::path(folder_.spool()) / "acked"; }

  /// What comes out is what went in, and what is added gets a number of its own.
  Lines reopened(const std::string& segment, const std::string& acked) {
    for (const auto& file : segments()) fs::remove(file);
    put(file_, segment);
    put(acked_file(), acked);
    const auto spool = open();
    if (!spool) return {};
    const Lines found = take_all(*spool);
    for (const auto& [number, lines] : found) EXPECT_EQ(lines, lines_.at(number));
    const std::uint64_t fresh = append(*spool, "fresh");
    EXPECT_TRUE(found.empty() || fresh > found.rbegin()->first);
    spool->release(fresh, 1);
    EXPECT_EQ(take_all(*spool), (Lines{{fresh, "fresh"}}));
    return found;
  }
  std::size_t record_at(std::size_t octet) const {
    return static_cast<std::size_t>(std::ranges::upper_bound(ends_, octet) - ends_.begin()) + 1;
  }

  fs::path file_;
  std::string segment_, acked_;
  Lines lines_;
  std::vector<std::uintmax_t> ends_;
};

TEST_F(DamagedSpoolTest, An_octet_that_changed_takes_its_record_and_no_other) {
  for (std::size_t octet = 0; octet < segment_.size(); ++octet) {
    for (const unsigned change : {0xffu, 1u << octet % 8}) {
      std::string damaged = segment_;
      damaged[octet] = static_cast<char>(static_cast<unsigned char>(damaged[octet]) ^ change);
      Lines expected = {{1, lines_[1]}, {3, lines_[3]}, {4, lines_[4]}};
      expected.erase(record_at(octet));
      ASSERT_EQ(reopened(damaged, acked_), expected) << octet;
    }
  }
}

TEST_F(DamagedSpoolTest, A_segment_that_ends_anywhere_has_the_records_before) {
  for (std::size_t octets = 0; octets < segment_.size(); ++octets) {
    Lines expected = {{1, lines_[1]}, {3, lines_[3]}, {4, lines_[4]}};
    std::erase_if(expected, [&](const auto& record) { return record.first >= record_at(octets); });
    ASSERT_EQ(reopened(segment_.substr(0, octets), acked_), expected) << octets;
  }
}

TEST_F(DamagedSpoolTest, Acks_that_are_damaged_let_nothing_go_that_is_not_done) {
  for (std::size_t octet = 0; octet < acked_.size(); ++octet) {
    std::string damaged = acked_;
    damaged[octet] = static_cast<char>(~damaged[octet]);
    for (const std::string& acked : {damaged, acked_.substr(0, octet)}) {
      const Lines found = reopened(segment_, acked);
      for (const std::uint64_t number : {1u, 3u, 4u}) ASSERT_TRUE(found.contains(number)) << octet;
    }
  }
}

TEST_F(DamagedSpoolTest, What_is_damaged_and_what_was_cut_off_is_counted_and_said) {
  std::string damaged = segment_.substr(0, ends_[3] + 10);
  damaged[ends_[1] - 1] ^= 1;  // in a frame: the head tells how many there were
  put(file_, damaged);
  put(acked_file(), "");
  {
    const auto spool = open();
    const auto counters = spool->counters();
    EXPECT_EQ(counters.found, 8u);
    EXPECT_EQ(counters.unreadable, 2u);
    EXPECT_EQ(counters.waiting, 6u);
    const auto notes = spool->take_notes();
    ASSERT_EQ(notes.size(), 3u);
    EXPECT_NE(notes[0].find("ends in 10 octets of a record that was not written to its end; they are cut off"),
              std::string::npos);
    EXPECT_NE(notes[1].find("1 damaged places were passed over, with 2 summaries"), std::string::npos);
    EXPECT_NE(notes[2].find(": 6 summaries found in it wait to be sent"), std::string::npos);
  }
  EXPECT_EQ(fs::file_size(file_), ends_[3]);
}

TEST_F(DamagedSpoolTest, A_copy_of_a_segment_gives_no_number_twice) {
  put(fs::path(folder_.spool()) / segment_name(77), segment_);
  const auto spool = open();
  EXPECT_EQ(take_all(*spool).size(), 3u);
  EXPECT_GT(append(*spool, "x"), 77u);
}

TEST_F(DamagedSpoolTest, What_breaks_while_it_waits_is_lost_alone) {
  const auto spool = open();
  std::string damaged = segment_;
  damaged[ends_[2] - 1] ^= 1;
  put(file_, damaged);
  EXPECT_EQ(take_all(*spool), (Lines{{1, lines_[1]}, {4, lines_[4]}}));
  EXPECT_EQ(spool->counters().unreadable, 2u);
  done(*spool, {1, 4});
  EXPECT_EQ(spool->counters().waiting, 0u);
  EXPECT_TRUE(segments().empty());
}

}  // namespace
}  // namespace rata::channel
