#include "script/ring.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace rata::script {
namespace {

using Kind = RecordHeader::Kind;
using std::chrono::hours;

constexpr std::size_t header_octets = 4096;  // in front of the records

/// Both ends, in one process.
struct Ends {
  explicit Ends(std::size_t octets) : writer(*Ring::create(octets)), reader(*Ring::open(dup(writer.fd()), octets)) {}

  Ring writer, reader;
};

using Record = std::vector<std::uint8_t>;

Record record_of(std::size_t octets, std::uint32_t number) {
  Record record(octets);
  const RecordHeader header{
      .size = static_cast<std::uint32_t>(octets), .kind = Kind::block, .window = number, .count = number ^ 7};
  std::memcpy(record.data(), &header, sizeof header);
  std::mt19937 random(number);
  for (std::size_t i = sizeof header; i < octets; ++i) record[i] = static_cast<std::uint8_t>(random());
  return record;
}

bool put(Ring& ring, const Record& record, std::size_t reserve = 0) {
  std::uint8_t* const room = ring.room_for(record.size(), reserve);
  if (room == nullptr) return false;
  RecordHeader header;
  std::memcpy(&header, record.data(), sizeof header);
  std::memcpy(room + sizeof header, record.data() + sizeof header, record.size() - sizeof header);
  ring.publish(header);
  return true;
}

/// The next that is no padding; of those the sizes go to `paddings`.
std::optional<Record> get(Ring& ring, std::vector<std::size_t>& paddings) {
  for (;;) {
    const auto front = ring.front();
    if (front.empty()) return std::nullopt;
    Kind kind;
    std::memcpy(&kind, front.data() + sizeof(std::uint32_t), sizeof kind);
    if (kind != Kind::padding) {
      Record record(front.begin(), front.end());
      ring.pop();
      return record;
    }
    paddings.push_back(front.size());
    ring.pop();
  }
}

TEST(Ring, Records_come_out_as_they_went_in_lap_after_lap) {
  std::mt19937 random(1);
  Ends ends(4096);
  std::deque<Record> on_the_way;
  std::vector<std::size_t> paddings;
  std::uint32_t made = 0;
  std::size_t octets = 0, refused = 0;
  while (octets < 200 * 4096) {
    const Record record = record_of(24 + random() % 120 * 8, ++made);
    while (!put(ends.writer, record)) {
      ++refused;
      const auto got = get(ends.reader, paddings);
      ASSERT_TRUE(got);
      ASSERT_EQ(*got, on_the_way.front());
      on_the_way.pop_front();
    }
    octets += record.size();
    on_the_way.push_back(record);
    while (random() % 3 == 0 && !on_the_way.empty()) {
      ASSERT_EQ(get(ends.reader, paddings), on_the_way.front());
      on_the_way.pop_front();
    }
  }
  for (const Record& record : on_the_way) ASSERT_EQ(get(ends.reader, paddings), record);
  EXPECT_EQ(get(ends.reader, paddings), std::nullopt);
  EXPECT_EQ(ends.writer.waiting(), 0u);
  EXPECT_GT(refused, 0u);
  EXPECT_GT(paddings.size(), 50u);
}

// The two smallest have no room for a header.
TEST(Ring, What_is_left_at_the_end_of_the_memory_is_padding_of_any_size) {
  constexpr std::size_t octets = 1024;
  for (std::size_t left = 8; left < octets / 2; left += 8) {
    Ends ends(octets);
    std::vector<std::size_t> paddings;
    const Record first = record_of(octets - left, 1), second = record_of(std::max<std::size_t>(left + 8, 24), 2);
    ASSERT_TRUE(put(ends.writer, first));
    ASSERT_EQ(get(ends.reader, paddings), first);
    ASSERT_TRUE(put(ends.writer, second)) << left;
    EXPECT_EQ(ends.writer.waiting(), left + second.size());
    EXPECT_EQ(get(ends.reader, paddings), second) << left;
    EXPECT_EQ(paddings, std::vector{left});
    EXPECT_EQ(ends.writer.waiting(), 0u);
  }
}

TEST(Ring, What_fits_to_the_end_of_the_memory_needs_no_padding) {
  Ends ends(1024);
  std::vector<std::size_t> paddings;
  for (std::uint32_t number = 0; number < 40; ++number) {
    const Record record = record_of(256, number);
    ASSERT_TRUE(put(ends.writer, record));
    EXPECT_EQ(get(ends.reader, paddings), record);
  }
  EXPECT_EQ(paddings, std::vector<std::size_t>{});
}

TEST(Ring, Gives_no_room_that_it_does_not_have) {
  Ends ends(1024);
  EXPECT_EQ(ends.writer.room_for(1032, 0), nullptr);
  EXPECT_NE(ends.writer.room_for(1024, 0), nullptr);
  ASSERT_TRUE(put(ends.writer, record_of(1000, 1)));
  EXPECT_EQ(ends.writer.room_for(32, 0), nullptr);
  ASSERT_TRUE(put(ends.writer, record_of(24, 2)));
  EXPECT_EQ(ends.writer.waiting(), 1024u);
  EXPECT_EQ(ends.writer.room_for(24, 0), nullptr);
  EXPECT_TRUE(ends.writer.reader_is_sound());
  ends.reader.pop();
  EXPECT_TRUE(put(ends.writer, record_of(1000, 3)));
}

TEST(Ring, The_reserve_stays_for_small_records) {
  Ends ends(1024);
  std::uint32_t large = 0;
  while (put(ends.writer, record_of(104, large), 200)) ++large;
  EXPECT_EQ(large, 7u);  // 728 of 824
  std::uint32_t small = 0;
  while (put(ends.writer, record_of(24, small))) ++small;
  EXPECT_EQ(small, 12u);
}

TEST(Ring, Nobody_reads_what_is_not_published) {
  Ends ends(1024);
  EXPECT_TRUE(ends.reader.front().empty());
  ASSERT_NE(ends.writer.room_for(48, 0), nullptr);
  EXPECT_TRUE(ends.reader.front().empty());
  ends.reader.pop();  // of nothing
  EXPECT_TRUE(ends.writer.reader_is_sound());
  EXPECT_EQ(ends.writer.waiting(), 0u);
}

TEST(Ring, Works_without_the_descriptor_and_elsewhere_in_memory) {
  Ends ends(1024);
  ASSERT_TRUE(put(ends.writer, record_of(48, 1)));
  ends.writer.close_fd();
  ends.reader.close_fd();
  EXPECT_EQ(ends.reader.fd(), -1);
  Ring writer = std::move(ends.writer), reader = std::move(ends.reader);
  ASSERT_TRUE(put(writer, record_of(64, 2)));
  std::vector<std::size_t> paddings;
  EXPECT_EQ(get(reader, paddings), record_of(48, 1));
  EXPECT_EQ(get(reader, paddings), record_of(64, 2));
}

TEST(Ring, Cannot_be_opened_where_there_is_none) {
  const auto ring = Ring::open(-1, 1024);
  ASSERT_FALSE(ring);
  EXPECT_NE(ring.error().message.find("cannot be mapped"), std::string::npos) << ring.error().message;
}

/// What both share, as somebody sees it who does not keep to the rules.
class Meddler {
 public:
  explicit Meddler(int fd)
      : memory_(static_cast<std::uint8_t*>(mmap(nullptr, header_octets, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0))) {}
  ~Meddler() { munmap(memory_, header_octets); }

  std::uint64_t word(std::size_t at) const {
    std::uint64_t word;
    std::memcpy(&word, memory_ + at, sizeof word);
    return word;
  }
  void write(std::size_t at, std::uint64_t word) { std::memcpy(memory_ + at, &word, sizeof word); }
  /// The only word that has this value.
  std::size_t find(std::uint64_t value) const {
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at < header_octets; at += sizeof value)
      if (word(at) == value) found.push_back(at);
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? 0 : found.front();
  }

 private:
  std::uint8_t* memory_;
};

TEST(Ring, A_reader_whose_position_lies_is_found_out) {
  constexpr std::uint64_t octets = 1024;
  Ends ends(octets);
  Meddler meddler(ends.writer.fd());
  std::vector<std::size_t> paddings;
  for (const std::uint32_t number : {1u, 2u, 3u}) ASSERT_TRUE(put(ends.writer, record_of(328, number)));
  for (const std::uint32_t number : {1u, 2u, 3u}) ASSERT_EQ(get(ends.reader, paddings), record_of(328, number));
  for (const std::uint32_t number : {4u, 5u, 6u}) ASSERT_TRUE(put(ends.writer, record_of(328, number)));
  ASSERT_EQ(get(ends.reader, paddings), record_of(328, 4));
  const std::uint64_t read = 3 * 328 + 40 + 328, written = read + 2 * 328;
  const std::size_t place = meddler.find(read);
  const struct {
    std::uint64_t position;
    bool sound;
  } cases[] = {
      {read, true},
      {written, true},
      {written - octets, true},  // nothing of all that the memory holds
      {written - octets - 1, false},
      {0, false},
      {written + 1, false},
      {written + 8, false},
      {std::uint64_t{1} << 63, false},
      {UINT64_MAX, false},
  };
  for (const auto& one : cases) {
    meddler.write(place, one.position);
    EXPECT_EQ(ends.writer.reader_is_sound(), one.sound) << one.position;
    if (!one.sound) {
      EXPECT_EQ(ends.writer.room_for(24, 0), nullptr) << one.position;
    }
    // Wherever it says to be, nothing is written behind the end of the memory.
    EXPECT_EQ(ends.writer.room_for(octets + 8, 0), nullptr) << one.position;
  }
  meddler.write(place, read);
  EXPECT_NE(ends.writer.room_for(24, 0), nullptr);
}

TEST(Ring, A_reader_that_gets_on_shows) {
  Ends ends(1024);
  std::set<std::uint32_t> seen = {ends.writer.beats()};
  EXPECT_FALSE(seen.insert(ends.writer.beats()).second);
  ends.reader.beat();
  EXPECT_TRUE(seen.insert(ends.writer.beats()).second);
  ASSERT_TRUE(put(ends.writer, record_of(24, 1)));
  EXPECT_FALSE(seen.insert(ends.writer.beats()).second) << "nobody has read it";
  ends.reader.pop();
  EXPECT_TRUE(seen.insert(ends.writer.beats()).second);
}

// These would take an hour.
TEST(Ring, Nobody_sleeps_while_there_is_a_record) {
  Ends ends(1024);
  ASSERT_TRUE(put(ends.writer, record_of(24, 1)));
  const auto before = std::chrono::steady_clock::now();
  ends.reader.sleep(hours(1));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::minutes(10));
  EXPECT_FALSE(ends.reader.front().empty());
}

TEST(Ring, Sleep_ends_when_its_time_is_over) {
  Ends ends(1024);
  ends.reader.sleep(std::chrono::milliseconds(1));
  EXPECT_TRUE(ends.reader.front().empty());
  ends.writer.wake();  // nobody sleeps any more
  EXPECT_TRUE(ends.reader.front().empty());
}

TEST(Ring, Whoever_sleeps_is_woken_by_every_record) {
  constexpr std::uint32_t rounds = 3000;
  Ends ends(1024);
  std::thread reading([&] {
    for (std::uint32_t number = 0; number < rounds; ++number) {
      while (ends.reader.front().empty()) ends.reader.sleep(hours(1));
      ends.reader.pop();
    }
  });
  for (std::uint32_t number = 0; number < rounds; ++number) {
    ASSERT_TRUE(put(ends.writer, record_of(32, number)));
    ends.writer.wake();
    while (ends.writer.waiting() != 0) std::this_thread::yield();
  }
  reading.join();
  EXPECT_EQ(ends.writer.beats(), rounds);
}

}  // namespace
}  // namespace rata::script
