// A process that is killed at any moment, and a disk that is full: what was acknowledged is there once.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "sample.h"

namespace rata::store {
namespace {

constexpr std::uint64_t batches = 400, batch_size = 10;

/// Each contribution has a key of its own, so that what is lost or counted twice shows.
std::vector<summary::Summary> batch_of(std::uint64_t batch) {
  std::vector<summary::Summary> made;
  for (std::uint64_t i = 0; i < batch_size; ++i) {
    const std::uint64_t number = batch * batch_size + i;
    // Time goes on, and every third is late.
    const double start = static_cast<double>(number % 3 == 0 ? number / 2 : number);
    made.push_back(summary_of(i % 2 == 0 ? "ns1" : "ns2", number, start, counts_of({{std::to_string(number), 1}})));
  }
  return made;
}

/// The child: goes on from `first`, and says each batch that was acknowledged.
[[noreturn]] void work(const Config& config, std::uint64_t first, int acknowledged) {
  auto store = Store::open(config, at(0));
  if (!store) _exit(1);
  for (std::uint64_t batch = first; batch < batches; ++batch) {
    const auto verdicts = commit(**store, batch_of(batch), at(static_cast<double>(batch)));
    if (verdicts.size() != batch_size) _exit(2);
    if (write(acknowledged, &batch, sizeof batch) != sizeof batch) _exit(3);
    const bool flushed = batch % 7 == 6 ? bool((*store)->flush_all(at(static_cast<double>(batch))))
                                        : bool((*store)->flush(at(static_cast<double>(batch))));
    if (!flushed) _exit(4);
  }
  _exit(0);
}

class CrashTest : public StoreTest {
 protected:
  CrashTest() {
    config_.table_rows = 1'000'000;
    config_.levels = {{10, 200}, {60, 3600}, {3600, 1'000'000}};
    config_.settle_seconds = 2;
  }

  /// Everything before batch `sent` is there once; after it, batch `sent` wholly or not, and nothing else.
  void expect_once(std::uint64_t sent) {
    open(at(static_cast<double>(sent)));
    flush_all(static_cast<double>(sent));
    for (const char* scope : {"total", "server:ns1"}) {
      std::uint64_t of_next = 0;
      Numbers all;
      for (const auto& [start, numbers] : history(scope, 3600, at(0), at(7200)))
        for (const auto& [key, count] : numbers) all[key] += count;
      for (const auto& [key, count] : all) {
        EXPECT_EQ(count, 1u) << scope << " " << key;
        const std::uint64_t batch = std::stoull(key) / batch_size;
        EXPECT_LE(batch, sent) << scope;
        of_next += batch == sent ? 1 : 0;
      }
      const std::uint64_t share = std::string(scope) == "total" ? batch_size : batch_size / 2;
      EXPECT_TRUE(of_next == 0 || of_next == share) << scope << " " << of_next << " of one batch";
      EXPECT_EQ(all.size(), share * sent + of_next) << scope;
    }
    store_.reset();
  }
};

TEST_F(CrashTest, Killed_at_any_moment_nothing_acknowledged_is_lost_or_counted_twice) {
  std::mt19937 random(7);
  std::uint64_t next = 0;
  int rounds = 0;
  for (; next < batches && rounds < 200; ++rounds) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    // What was acknowledged last is sent again, as by a monitor that did not hear of it.
    const pid_t child = fork();
    if (child == 0) work(config_, next == 0 ? 0 : next - 1, ends[1]);
    close(ends[1]);
    const std::uint64_t awaited = random() % 25;
    std::uint64_t batch = 0;
    std::uint64_t heard = 0;
    while (heard < awaited && read(ends[0], &batch, sizeof batch) == sizeof batch) {
      next = std::max(next, batch + 1);
      ++heard;
    }
    for (volatile std::uint64_t spin = random() % 3'000'000; spin > 0;)
      spin = spin - 1;  // anywhere in what it does then
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
    while (read(ends[0], &batch, sizeof batch) == sizeof batch) next = std::max(next, batch + 1);
    close(ends[0]);
    expect_once(next);
    if (HasFailure()) return;
  }
  EXPECT_EQ(next, batches);
  EXPECT_GE(rounds, 20);
}

TEST_F(CrashTest, A_full_disk_is_told_and_everything_is_taken_when_there_is_room_again) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    auto store = Store::open(config_, at(0));
    if (!store) _exit(1);
    std::uint64_t refused_commits = 0, refused_flushes = 0;
    rlimit room{};
    getrlimit(RLIMIT_FSIZE, &room);
    for (std::uint64_t batch = 0; batch < 60; ++batch) {
      const auto made = batch_of(batch);
      for (const rlim_t limit : {rlim_t{30'000}, rlim_t{60'000}, rlim_t{200'000}, room.rlim_max}) {
        const rlimit now{limit, room.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
        if (!(*store)->flush_all(at(static_cast<double>(batch)))) ++refused_flushes;
        std::vector<std::string> lines;
        std::vector<Received> received;
        for (const auto& one : made) lines.push_back(to_json(one));
        for (std::size_t i = 0; i < made.size(); ++i) received.push_back({lines[i], shared(made[i])});
        const auto answers = (*store)->commit(received, at(static_cast<double>(batch)));
        if (!answers) ++refused_commits;
      }
    }
    _exit(refused_commits > 0 && refused_flushes > 0 ? 0 : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  expect_once(60);
}

}  // namespace
}  // namespace rata::store
