#include "channel/waiting_line.h"

#include <gtest/gtest.h>

#include "channel/sender.h"
#include "numbered.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;

TEST(WaitingLine, Who_waits_for_room_is_let_in_and_nothing_is_lost_or_changes_its_place) {
  WaitingLine line(4, SIZE_MAX, util::WhenFull::block);
  std::atomic<bool> done = false;
  std::thread source([&] {
    for (std::uint64_t i = 0; i < 100; ++i) line.push(numbered(i), 1);
    done = true;
  });
  EXPECT_TRUE(eventually([&] {
    line.make_way();
    return done.load();
  }));
  source.join();
  line.close();
  std::vector<std::uint64_t> got;
  while (!line.drained())
    for (const summary::Summary& summary : line.pop(7, 0ms)) got.push_back(summary.id.sequence);
  ASSERT_EQ(got.size(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(got));
  EXPECT_EQ(line.counters().dropped, 0u);
}

TEST(WaitingLine, Nobody_waits_so_the_bounds_hold) {
  WaitingLine line(4, SIZE_MAX, util::WhenFull::drop_newest);
  for (std::uint64_t i = 0; i < 5; ++i) {
    line.push(numbered(i), 1);
    line.make_way();
  }
  EXPECT_EQ(line.counters().dropped, 1u);
}

/// Takes nothing while it is down.
class Down final : public Channel {
 public:
  explicit Down(std::atomic<bool>& down) : down_(down) {}
  Attempt send(std::span<const summary::Summary>) override {
    if (down_) return {Attempt::State::try_again, "the other side is down", {}};
    return {};
  }

 private:
  std::atomic<bool>& down_;
};

TEST(Sender, A_send_that_waits_for_room_comes_back_and_what_waits_is_sent_later) {
  for (const bool with_spool : {false, true}) {
    TestFolder folder;
    std::atomic<bool> down = true, done = false;
    const SenderConfig config{
        .queue_capacity_summaries = 8, .batch_summaries = 2, .first_retry = 1ms, .longest_retry = 2ms};
    std::unique_ptr<Spool> spool;
    if (with_spool) {
      auto opened = Spool::open({.path = folder.spool(), .limit_mib = 1, .fsync = Fsync::never});
      ASSERT_TRUE(opened) << opened.error().message;
      spool = std::move(*opened);
    }
    Sender sender("hub", std::make_unique<Down>(down), config, [](const std::string&) {}, std::move(spool));
    std::thread source([&] {
      for (std::uint64_t i = 0; i < 9000; ++i) sender.send(numbered(i));
      done = true;
    });
    EXPECT_TRUE(eventually([&] {
      sender.make_way();
      return done.load();
    }));
    source.join();
    EXPECT_EQ(sender.counters().waiting, 9000u);
    down = false;
    EXPECT_TRUE(eventually([&] { return sender.counters().sent == 9000u; }));
    EXPECT_EQ(sender.counters().dropped, 0u);
  }
}

}  // namespace
}  // namespace rata::channel
