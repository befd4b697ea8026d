// The equations of the books, on captures and on what random damage makes of them:
//   books_property SEED FRAME_CASES FILE_CASES CAPTURE...
// Reads every CAPTURE as it is; then makes FRAME_CASES inputs of damaged frames out of all of them, and FILE_CASES
// damaged files. After every read, and at the end, every equation has to hold. Ends with status 1 and the case's number
// at the first that does not. The same seed makes the same cases.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "capture/source.h"
#include "pipeline/intake.h"
#include "reduce/windows.h"

namespace {

using namespace rata;
using Octets = std::vector<std::uint8_t>;

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : engine_() % bound; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

/// A frame with its own octets.
struct Kept {
  Octets octets;
  util::Time time;
  std::uint32_t original_length;
  capture::LinkType link;
};

struct Capture {
  std::string name;
  Octets file;
  std::vector<Kept> frames;  // none of dnstap and Speedy: their damage is that of files
};

void demand(bool holds, const char* what, const pipeline::Books& books) {
  if (!holds) throw std::runtime_error(fmt::format("{}\n{}", what, pipeline::balance_text(books)));
}

/// Worked out again from what everybody is shown, not asked of the books: each sum is the sum of its reasons, and what
/// came in is what it became.
void check_equations(const pipeline::Books& books) {
  std::map<std::string, std::uint64_t> totals, reasons;
  for (const pipeline::Counter& counter : pipeline::counters(books)) {
    const std::string name = fmt::format("{} {}", counter.group, counter.name);
    if (counter.reason.empty())
      totals[name] = counter.value;
    else
      reasons[name] += counter.value;
  }
  for (const auto& [name, sum] : reasons) demand(totals[name] == sum, name.c_str(), books);
  demand(totals["frames in"] == totals["frames decoded"] + totals["frames filtered"] + totals["frames refused"],
         "frames", books);
  demand(totals["tcp_octets in"] ==
             totals["tcp_octets delivered"] + totals["tcp_octets skipped"] + totals["tcp_octets waiting"],
         "tcp octets", books);
  demand(totals["messages in"] == totals["messages well_formed"] + totals["messages malformed"], "messages", books);
  demand(totals["messages broken_records"] <= totals["messages well_formed"], "broken records", books);
  demand(books.balanced(), "balanced()", books);
}

/// Windows of two reducers, and how many messages they tell of.
class Counted final : public pipeline::PacketSink {
 public:
  Counted(const reduce::WindowConfig& config, std::size_t shards) {
    reduce::ReducerConfig names;
    names.type = "count_by";
    names.by = {"qname", "client"};
    names.limit = {20, 2};
    names.cells = 400;
    reduce::ReducerConfig rate;
    rate.type = "QueriesPerSecond";
    context_.shards = shards;
    windows_ = std::move(
        *reduce::Windows::make(config, {names, rate}, context_, tables_octets,
                               [this](reduce::ClosingWindow& window) { in_windows += window.window().packets; }));
  }
  void add(std::size_t shard, std::size_t, std::span<const reduce::Packet> batch) override {
    added += batch.size();
    windows_->add(shard, batch);
  }
  util::Time advance(util::Time watermark) override { return windows_->advance(watermark); }
  void finish() { windows_->finish(); }
  std::uint64_t late() const { return windows_->late(); }

  std::atomic<std::uint64_t> added = 0;  // shards may have threads
  std::uint64_t in_windows = 0;

 private:
  static constexpr std::size_t tables_octets = 8 << 20;

  reduce::Context context_;
  std::unique_ptr<reduce::Windows> windows_;
};

/// Bounds that are met now and then, and those that are not.
pipeline::IntakeConfig random_config(Random& random) {
  pipeline::IntakeConfig config;
  config.shards = random.one_in(3) ? 1 : 1 + random.below(8);
  config.guard_time = !random.one_in(3);
  if (random.one_in(4)) config.ports = {53, 40000};
  if (random.one_in(5)) config.tunnels.remove_all();
  if (random.one_in(8)) config.from = util::from_seconds(static_cast<std::int64_t>(random.below(10)));
  config.limits.streams = config.shards * (16 + random.below(100));
  config.limits.stream_octets = 65'537 + random.below(1000);
  config.limits.total_octets = config.shards * config.limits.stream_octets;
  config.fragments.datagrams = 1 + random.below(16);
  config.fragments.octets = 65'535 + random.below(1000);
  return config;
}

/// An intake with windows behind it, and how often it was looked at.
class Trial {
 public:
  explicit Trial(const pipeline::IntakeConfig& config)
      : sink_({.seconds = 1, .packets = 0, .flush = false, .lateness_seconds = {}}, config.shards),
        intake_(config, sink_) {}

  void add(std::span<const capture::Frame> frames) {
    intake_.add(frames);
    given_ += frames.size();
    const pipeline::Books books = intake_.books();
    check_equations(books);
    demand(books.frames <= given_, "more frames than came", books);
  }

  void finish() {
    if (const auto finished = intake_.finish(); !finished) throw std::runtime_error(finished.error().message);
    sink_.finish();
    pipeline::Books books = intake_.books();
    books.late_packets = sink_.late();
    check_equations(books);
    demand(books.frames == given_, "every frame that came is in the books", books);
    demand(books.decode.tcp_waiting == 0, "nothing waits behind the end", books);
    demand(books.well_formed == sink_.added, "every message was handed over", books);
    demand(books.well_formed == sink_.in_windows + books.late_packets, "every message is in a window or late", books);
  }

 private:
  Counted sink_;
  pipeline::Intake intake_;
  std::uint64_t given_ = 0;
};

Octets octets_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Reads to the end, whatever is damaged. Windows need times: Speedy JSON gets those of its arrival.
void read_file(const std::string& what, Trial& trial, std::vector<Kept>* keep) {
  capture::SourceOptions options;
  options.arrival_time = true;
  auto source = capture::open_source(what, options);
  if (!source) return;
  std::vector<capture::Frame> batch;
  while ((*source)->read(batch) != capture::Read::end) {
    trial.add(batch);
    for (const capture::Frame& frame : batch)
      if (keep != nullptr && frame.envelope == nullptr)
        keep->push_back({{frame.octets.begin(), frame.octets.end()}, frame.time, frame.original_length, frame.link});
  }
}

Capture capture_of(const std::string& path) {
  Capture capture{.name = path, .file = octets_of(path), .frames = {}};
  Trial trial({});
  read_file(path, trial, &capture.frames);
  trial.finish();
  return capture;
}

void flip_bit(Octets& octets, Random& random) {
  if (!octets.empty()) octets[random.below(octets.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
}

/// Damage to the octets of one frame or file: flipped, cut, repeated, moved.
void damage(Octets& octets, Random& random) {
  if (octets.empty()) return;
  const std::size_t at = random.below(octets.size()),
                    length = 1 + random.below(std::min<std::size_t>(octets.size() - at, 64));
  const auto begin = octets.begin() + static_cast<std::ptrdiff_t>(at),
             end = begin + static_cast<std::ptrdiff_t>(length);
  switch (random.below(6)) {
    case 0:
      for (std::size_t flips = 1 + random.below(8); flips > 0; --flips) flip_bit(octets, random);
      return;
    case 1:
      octets.resize(at);
      return;
    case 2:
      octets.erase(begin, end);
      return;
    case 3: {
      const Octets again(begin, end);
      octets.insert(octets.begin() + static_cast<std::ptrdiff_t>(random.below(octets.size() + 1)), again.begin(),
                    again.end());
      return;
    }
    case 4:
      std::fill(begin, end, static_cast<std::uint8_t>(random.one_in(2) ? 0xff : 0));
      return;
    default:
      flip_bit(octets, random);
  }
}

/// Frames of one or two captures: some damaged, dropped, repeated, in another order or of another time.
std::vector<Kept> damaged_frames(const std::vector<Capture>& captures, Random& random) {
  std::vector<Kept> frames;
  for (std::size_t parts = 1 + random.below(2); parts > 0; --parts) {
    const auto& from = captures[random.below(captures.size())].frames;
    const std::size_t first = random.below(from.size()), count = std::min<std::size_t>(from.size() - first, 60);
    frames.insert(frames.end(), from.begin() + static_cast<std::ptrdiff_t>(first),
                  from.begin() + static_cast<std::ptrdiff_t>(first + count));
  }
  if (frames.empty()) return frames;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Kept& frame = frames[i];
    if (random.one_in(6)) damage(frame.octets, random);
    if (random.one_in(20)) frame.original_length = static_cast<std::uint32_t>(frame.octets.size() + random.below(100));
    if (random.one_in(20))
      frame.time.ns += (static_cast<std::int64_t>(random.below(20'000)) - 10'000) * util::ns_per_second;
    if (random.one_in(100))
      frame.time.ns += static_cast<std::int64_t>(random.below(100)) * 86'400 * util::ns_per_second;
    if (random.one_in(12)) std::swap(frame, frames[random.below(frames.size())]);
    if (random.one_in(20)) frames[random.below(frames.size())] = Kept(frames[i]);
    if (random.one_in(40)) frame.link = static_cast<capture::LinkType>(random.below(300));
  }
  return frames;
}

void run_frames(const std::vector<Capture>& captures, Random& random) {
  const std::vector<Kept> kept = damaged_frames(captures, random);
  std::vector<capture::Frame> frames;
  for (const Kept& one : kept)
    frames.push_back({.octets = one.octets,
                      .time = one.time,
                      .ordinal = frames.size(),
                      .original_length = one.original_length,
                      .link = one.link,
                      .envelope = nullptr});
  Trial trial(random_config(random));
  for (std::size_t at = 0; at < frames.size();) {
    const std::size_t count = std::min(frames.size() - at, 1 + random.below(40));
    trial.add(std::span(frames).subspan(at, count));
    at += count;
  }
  trial.finish();
}

/// A file that is only in memory.
class MemoryFile {
 public:
  explicit MemoryFile(const Octets& octets) : descriptor_(memfd_create("capture", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || write(descriptor_, octets.data(), octets.size()) != static_cast<ssize_t>(octets.size()))
      throw std::runtime_error(fmt::format("a file in memory: {}", std::strerror(errno)));
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

void run_file(const std::vector<Capture>& captures, Random& random) {
  const Capture& capture = captures[random.below(captures.size())];
  Octets octets = capture.file;
  for (std::size_t times = 1 + random.below(4); times > 0; --times) damage(octets, random);
  if (random.one_in(5)) {  // records of another capture behind
    const Octets& more = captures[random.below(captures.size())].file;
    octets.insert(octets.end(), more.begin() + static_cast<std::ptrdiff_t>(random.below(more.size() + 1)), more.end());
  }
  const MemoryFile file(octets);
  Trial trial(random_config(random));
  read_file((capture.name.ends_with(".speedy") ? "speedy:" : "") + file.path(), trial, nullptr);
  trial.finish();
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text, text + std::strlen(text), value);
  if (fault != std::errc() || *end != '\0') throw std::runtime_error(fmt::format("{}: is no number", text));
  return value;
}

void run(int argc, char** argv) {
  if (argc < 5) throw std::runtime_error("books_property SEED FRAME_CASES FILE_CASES CAPTURE...");
  const std::uint64_t seed = number(argv[1]), frame_cases = number(argv[2]), file_cases = number(argv[3]);
  std::vector<Capture> captures, of_frames;
  for (int i = 4; i < argc; ++i) {
    try {
      captures.push_back(capture_of(argv[i]));
    } catch (const std::exception& fault) {
      throw std::runtime_error(fmt::format("{}: {}", argv[i], fault.what()));
    }
    if (!captures.back().frames.empty()) of_frames.push_back(captures.back());
  }
  if (of_frames.empty() && frame_cases > 0) throw std::runtime_error("no capture holds frames to damage");
  for (std::uint64_t i = 0; i < frame_cases + file_cases; ++i) {
    Random random(seed * 1'000'003 + i);
    try {
      i < frame_cases ? run_frames(of_frames, random) : run_file(captures, random);
    } catch (const std::exception& fault) {
      throw std::runtime_error(fmt::format("case {} of seed {}: {}", i, seed, fault.what()));
    }
  }
  fmt::print("{} captures, {} inputs of damaged frames, {} damaged files: the books balance\n", captures.size(),
             frame_cases, file_cases);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc, argv);
    return 0;
  } catch (const std::exception& fault) {
    fmt::print(stderr, "{}\n", fault.what());
    return 1;
  }
}
