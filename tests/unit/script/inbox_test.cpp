#include "script/host/inbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "script/field.h"

namespace rata::script {
namespace {

/// A message that is known by a number.
struct Numbered {
  std::uint64_t turn;
  std::uint32_t id;
};

std::vector<std::uint8_t> block(std::uint32_t window, std::uint32_t shard, const std::vector<Numbered>& messages) {
  const std::size_t octets =
      (sizeof(RecordHeader) + messages.size() * (sizeof(std::uint64_t) + sizeof(std::uint32_t)) + 7) / 8 * 8;
  const RecordHeader header{.size = static_cast<std::uint32_t>(octets),
                            .kind = RecordHeader::Kind::block,
                            .window = window,
                            .shard = shard,
                            .count = static_cast<std::uint32_t>(messages.size())};
  std::vector<std::uint8_t> record(octets);
  std::memcpy(record.data(), &header, sizeof header);
  std::uint8_t* at = record.data() + sizeof header;
  for (const Numbered& one : messages) at = std::copy_n(reinterpret_cast<const std::uint8_t*>(&one.turn), 8, at);
  for (const Numbered& one : messages) at = std::copy_n(reinterpret_cast<const std::uint8_t*>(&one.id), 4, at);
  return record;
}

using Ids = std::vector<std::uint32_t>;

/// An inbox, and what was done with what came out of it.
class Reading {
 public:
  void add(std::uint32_t window, std::uint32_t shard, const std::vector<Numbered>& messages) {
    // Not a trace of it stays: the inbox has a copy.
    auto record = block(window, shard, messages);
    inbox_.add(record);
    std::ranges::fill(record, 0xee);
  }
  void use_at_once(std::uint32_t window, std::uint32_t shard, const std::vector<Numbered>& messages) {
    inbox_.use_at_once(block(window, shard, messages));
  }
  void settle() { inbox_.settle(); }

  const Ids& operator[](std::uint32_t window) { return used_[window]; }
  const std::map<std::uint32_t, Ids>& all() const { return used_; }
  const std::vector<std::size_t>& pieces() const { return pieces_; }

 private:
  void use(std::uint32_t window, std::size_t count) {
    const auto& ids = columns_[0].codes;
    used_[window].insert(used_[window].end(), ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count));
    pieces_.push_back(count);
  }

  Columns columns_{{*find_field("id")}, {false}};
  Inbox inbox_{columns_, [this](std::uint32_t window, std::size_t count) { use(window, count); }};
  std::map<std::uint32_t, Ids> used_;
  std::vector<std::size_t> pieces_;
};

TEST(Inbox, Blocks_of_several_shards_come_out_by_turn_in_whatever_order_they_were_added) {
  // Of each shard two blocks, in their order; all ways to put them between each other.
  const std::vector<std::vector<Numbered>> blocks[] = {
      {{{1, 1}, {5, 5}}, {{6, 6}, {12, 12}}},
      {{{2, 2}, {3, 3}}, {{9, 9}}},
      {{{4, 4}}, {{7, 7}, {8, 8}, {10, 10}, {11, 11}}},
  };
  std::vector<std::uint32_t> order = {0, 0, 1, 1, 2, 2};
  int orders = 0;
  do {
    Reading reading;
    std::size_t next[] = {0, 0, 0};
    for (const std::uint32_t shard : order) reading.add(1, shard, blocks[shard][next[shard]++]);
    EXPECT_TRUE(reading.all().empty()) << "nothing is known to be complete";
    reading.settle();
    EXPECT_EQ(reading[1], (Ids{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
    ++orders;
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(orders, 90);
}

TEST(Inbox, Messages_of_one_turn_stay_in_order) {
  for (const std::uint64_t apart : {std::uint64_t{1}, std::uint64_t{1} << 40}) {
    Reading reading;
    reading.add(1, 1, {{apart, 1}, {apart, 2}, {apart, 3}, {3 * apart, 7}});
    reading.add(1, 0, {{2 * apart, 5}, {2 * apart, 6}});
    reading.add(1, 1, {{3 * apart, 8}, {3 * apart, 9}});
    reading.settle();
    EXPECT_EQ(reading[1], (Ids{1, 2, 3, 5, 6, 7, 8, 9})) << apart;
  }
}

TEST(Inbox, What_all_shards_have_at_the_end_of_the_input_comes_shard_by_shard) {
  Reading reading;
  reading.add(1, 2, {{50, 1}, {UINT64_MAX, 8}, {UINT64_MAX, 9}});
  reading.add(1, 0, {{60, 2}, {UINT64_MAX, 4}});
  reading.add(1, 1, {{UINT64_MAX, 6}});
  reading.add(1, 0, {{UINT64_MAX, 5}});
  reading.add(1, 1, {{UINT64_MAX, 7}});
  reading.settle();
  EXPECT_EQ(reading[1], (Ids{1, 2, 4, 5, 6, 7, 8, 9}));
  reading.add(1, 1, {{UINT64_MAX, 12}});
  reading.add(1, 0, {{UINT64_MAX, 11}});
  reading.settle();
  EXPECT_EQ(reading[1], (Ids{1, 2, 4, 5, 6, 7, 8, 9, 11, 12}));
}

TEST(Inbox, Windows_are_kept_apart) {
  Reading reading;
  reading.add(7, 0, {{1, 1}, {4, 4}});
  reading.add(3, 1, {{2, 20}, {5, 50}});
  reading.add(7, 1, {{3, 3}});
  reading.add(3, 0, {{1, 10}});
  reading.settle();
  EXPECT_EQ(reading[7], (Ids{1, 3, 4}));
  EXPECT_EQ(reading[3], (Ids{10, 20, 50}));
  reading.add(3, 0, {{9, 90}});
  reading.settle();
  EXPECT_EQ(reading[7], (Ids{1, 3, 4}));
  EXPECT_EQ(reading[3], (Ids{10, 20, 50, 90}));
}

TEST(Inbox, Many_messages_are_given_in_pieces) {
  for (const std::uint32_t shards : {1u, 2u}) {
    Reading reading;
    std::vector<std::vector<Numbered>> blocks(shards);
    Ids expected;
    const std::uint32_t count = 2 * Columns::most_messages + 452;
    for (std::uint32_t i = 0; i < count; ++i) {
      blocks[i % shards].push_back({i, i});
      expected.push_back(i);
    }
    for (std::uint32_t shard = 0; shard < shards; ++shard) reading.add(1, shard, blocks[shard]);
    reading.settle();
    EXPECT_EQ(reading[1], expected);
    EXPECT_EQ(reading.pieces(), (std::vector<std::size_t>{Columns::most_messages, Columns::most_messages, 452}));
  }
}

TEST(Inbox, A_piece_that_is_just_full_is_followed_by_none) {
  Reading reading;
  std::vector<Numbered> messages;
  for (std::uint32_t i = 0; i < Columns::most_messages; ++i) messages.push_back({i, i});
  reading.add(1, 0, messages);
  reading.settle();
  reading.use_at_once(1, 0, messages);
  EXPECT_EQ(reading.pieces(), (std::vector<std::size_t>{Columns::most_messages, Columns::most_messages}));
}

TEST(Inbox, To_settle_nothing_does_nothing) {
  Reading reading;
  reading.settle();
  reading.add(1, 0, {});
  reading.add(1, 3, {});
  reading.settle();
  EXPECT_TRUE(reading.pieces().empty());
  reading.add(1, 0, {{1, 1}});
  for (int i = 0; i < 3; ++i) reading.settle();
  EXPECT_EQ(reading.pieces(), std::vector<std::size_t>{1});
  EXPECT_EQ(reading[1], Ids{1});
}

TEST(Inbox, Empty_blocks_between_others_do_no_harm) {
  Reading reading;
  reading.add(1, 0, {});
  reading.add(1, 1, {{1, 1}});
  reading.add(1, 0, {{2, 2}});
  reading.add(1, 1, {});
  reading.add(1, 0, {});
  reading.add(1, 1, {{3, 3}});
  reading.settle();
  EXPECT_EQ(reading[1], (Ids{1, 2, 3}));
}

TEST(Inbox, What_is_used_at_once_is_used_as_it_comes) {
  Reading reading;
  reading.use_at_once(1, 1, {{5, 5}, {6, 6}});
  EXPECT_EQ(reading[1], (Ids{5, 6}));
  reading.use_at_once(2, 0, {{1, 1}});
  reading.use_at_once(1, 0, {{1, 1}});
  EXPECT_EQ(reading[1], (Ids{5, 6, 1}));
  EXPECT_EQ(reading[2], Ids{1});
}

// Property: whatever the input is dealt and cut into, what comes out is the input in order.

struct Message {
  std::uint64_t turn;
  std::uint32_t shard, window, id;
};

/// `widest`: between two turns. `shared`: of a hundred turns so many have messages in several shards.
std::vector<Message> random_messages(std::mt19937_64& random, std::uint64_t widest, std::uint32_t shared) {
  const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  const std::uint32_t shards = 1 + below(5), windows = 1 + below(3), count = below(3 * Columns::most_messages);
  std::vector<Message> messages;
  for (std::uint64_t turn = random() % 1000; messages.size() < count; turn += 1 + random() % widest) {
    const bool is_shared = below(100) < shared;
    const std::uint32_t owner = below(shards);
    for (std::uint32_t left = 1 + below(4); left > 0; --left)
      messages.push_back({.turn = turn,
                          .shard = is_shared ? below(shards) : owner,
                          .window = below(windows),
                          .id = static_cast<std::uint32_t>(messages.size())});
  }
  for (std::uint32_t left = below(20); left > 0; --left)
    messages.push_back({.turn = UINT64_MAX,
                        .shard = below(shards),
                        .window = below(windows),
                        .id = static_cast<std::uint32_t>(messages.size())});
  return messages;
}

/// Messages between two settles: those of each shard and window in their order, cut and mixed at random.
void deal(std::span<const Message> messages, std::mt19937_64& random, Reading& reading) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Numbered>> left;  // the next one last
  for (auto message = messages.rbegin(); message != messages.rend(); ++message)
    left[{message->shard, message->window}].push_back({message->turn, message->id});
  while (!left.empty()) {
    const auto from = std::next(left.begin(), static_cast<std::ptrdiff_t>(random() % left.size()));
    std::vector<Numbered> part;
    for (std::uint64_t size = random() % 129; size > 0 && !from->second.empty(); --size) {
      part.push_back(from->second.back());
      from->second.pop_back();
    }
    reading.add(from->first.second, from->first.first, part);
    if (from->second.empty()) left.erase(from);
  }
}

TEST(Inbox, However_the_input_is_dealt_it_comes_out_in_order) {
  constexpr struct {
    std::uint64_t widest;
    std::uint32_t shared;
  } kinds[] = {{1, 0}, {1, 5}, {40, 0}, {40, 1}, {1u << 16, 0}, {std::uint64_t{1} << 50, 20}};
  for (std::uint64_t seed = 0; seed < 240; ++seed) {
    std::mt19937_64 random(seed);
    const auto& kind = kinds[seed % std::size(kinds)];
    const std::vector<Message> messages = random_messages(random, kind.widest, kind.shared);
    Reading reading;
    for (std::size_t first = 0; first < messages.size();) {
      // What follows a settle has a later turn than all before.
      std::size_t end = std::min<std::size_t>(messages.size(), first + 1 + random() % (2 * Columns::most_messages));
      while (end < messages.size() && messages[end].turn == messages[end - 1].turn) ++end;
      deal(std::span(messages).subspan(first, end - first), random, reading);
      reading.settle();
      first = end;
    }
    std::vector<Message> sorted = messages;
    std::ranges::sort(sorted, {}, [](const Message& one) { return std::tuple(one.turn, one.shard, one.id); });
    std::map<std::uint32_t, Ids> expected;
    for (const Message& one : sorted) expected[one.window].push_back(one.id);
    ASSERT_EQ(reading.all(), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace rata::script
