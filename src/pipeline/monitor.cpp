#include "pipeline/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "util/encoding.h"
#include "util/hash.h"

namespace rata::pipeline {
namespace {

IntakeConfig intake_config(const Config& config) {
  // Windows by packet count need all packets in one order: one shard.
  return {.ports = config.ports,
          .shards = config.window.packets != 0 ? 1 : config.shards,
          .from = config.from,
          .to = config.to,
          .guard_time = true,
          .needs_time = config.window.packets == 0,
          .tunnels = config.tunnels,
          .limits = config.streams,
          .fragments = config.fragments};
}

/// How often others see how far the reading is.
constexpr std::chrono::milliseconds share_interval{100};

/// Thirteen letters and digits: enough that no two boots share them.
std::string boot_text(std::uint64_t number) {
  static constexpr char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string text;
  for (int i = 0; i < 13; ++i) {
    text += digits[number & 31];
    number >>= 5;
  }
  return text;
}

bool timeless(const capture::Frame& frame) {
  return frame.envelope != nullptr && frame.envelope->lacks.has(util::Member::time);
}

/// What tells inputs apart that have no times: the first message, and who sent it to whom.
void append_content(const capture::Frame& frame, std::string& out) {
  const capture::Envelope& envelope = *frame.envelope;
  out += fmt::format("|{}|{}|{}|{}|", util::text(envelope.source), util::text(envelope.destination),
                     envelope.source_text, envelope.destination_text);
  util::append_hex(frame.octets, out);
}

}  // namespace

std::string_view name(InputState state) {
  switch (state) {
    case InputState::waiting:
      return "waiting";
    case InputState::reading:
      return "reading";
    case InputState::live:
      return "live";
    case InputState::ended:
      return "ended";
    case InputState::failed:
      return "failed";
  }
  return "";
}

/// Packets into windows.
class Monitor::Sink final : public PacketSink {
 public:
  explicit Sink(std::unique_ptr<reduce::Windows> windows) : windows_(std::move(windows)) {}

  void add(std::size_t shard, std::span<const reduce::Packet> batch) override { windows_->add(shard, batch); }
  util::Time advance(util::Time watermark) override { return windows_->advance(watermark); }
  void finish() { windows_->finish(); }
  const reduce::Windows& windows() const { return *windows_; }

 private:
  std::unique_ptr<reduce::Windows> windows_;
};

Monitor::Monitor(const Config& config, std::unique_ptr<capture::Source> source, Report report)
    : config_(config), source_(std::move(source)), report_(std::move(report)), throttle_(config.cpu_limit) {
  if (config_.monitor.empty()) config_.monitor = config_.server;
  lacking_.resize(config_.reducers.size());
}

Monitor::~Monitor() = default;

util::Result<std::unique_ptr<Monitor>> Monitor::make(const Config& config, std::unique_ptr<capture::Source> source,
                                                     channel::Deliver deliver, Report report) {
  std::unique_ptr<Monitor> monitor(new Monitor(config, std::move(source), std::move(report)));
  if (const auto opened = monitor->open_channels(deliver); !opened) return opened.error();
  std::vector<reduce::ReducerConfig> reducers;
  for (const ReducerEntry& entry : config.reducers) reducers.push_back(entry.reducer);
  const IntakeConfig intake = intake_config(config);
  monitor->context_.shards = intake.shards;
  auto windows =
      reduce::Windows::make(config.window, reducers, monitor->context_, config.tables_octets(),
                            [raw = monitor.get()](reduce::ClosedWindow&& window) { raw->closed(std::move(window)); });
  if (!windows) return windows.error();
  monitor->sink_ = std::make_unique<Sink>(std::move(*windows));
  monitor->intake_ = std::make_unique<Intake>(intake, *monitor->sink_);
  if (auto kept = monitor->intake_->keep_malformed(config.keep_malformed, config.source->what); !kept)
    return kept.error();
  return monitor;
}

util::Result<void> Monitor::open_channels(const channel::Deliver& deliver) {
  for (const ChannelConfig& config : config_.channels) {
    auto opened = channel::open_channel(config.settings, deliver);
    if (!opened) return opened.error();
    channel::SenderConfig sender;
    sender.when_full = source_->live() ? util::WhenFull::drop_newest : util::WhenFull::block;
    senders_.push_back(std::make_unique<channel::Sender>(config.name, std::move(*opened), sender, report_));
  }
  for (const ReducerEntry& entry : config_.reducers) {
    auto& targets = senders_by_reducer_.emplace_back();
    for (const std::string& channel : entry.send)
      for (const auto& sender : senders_)
        if (sender->name() == channel) targets.push_back(sender.get());
  }
  return {};
}

/// Of the first frame that says which input it is. A record without time or message says nothing, and no window closes
/// over such ones.
void Monitor::name_boot(std::span<const capture::Frame> frames) {
  if (!boot_.empty()) return;
  const auto first = std::ranges::find_if(
      frames, [](const capture::Frame& frame) { return !timeless(frame) || !frame.octets.empty(); });
  if (first != frames.end()) boot_ = boot_of(*first);
}

/// One frame, whatever the first read brought: the input may be cut into reads in any way.
std::string Monitor::boot_of(const capture::Frame& first) const {
  if (source_->live()) {
    std::random_device device;
    return boot_text(static_cast<std::uint64_t>(device()) << 32 | device());
  }
  std::string what = fmt::format("{}|{}", config_.fingerprint(), first.time.ns);
  if (timeless(first)) append_content(first, what);
  return boot_text(util::stable_hash(what));
}

void Monitor::run() {
  std::vector<capture::Frame> batch;
  batch.reserve(capture::max_batch);
  Throttle::Meter meter;
  // A source that was stopped still hands over what it holds; then it ends.
  for (;;) {
    const capture::Read read = source_->read(batch);
    if (read == capture::Read::end) break;
    if (read == capture::Read::frames) {
      name_boot(batch);
      intake_->add(batch);
      throttle_.pause(meter);
    } else if (source_->live() || (config_.source && config_.source->arrival_time.value_or(false))) {
      // A silent link closes its windows by the clock, a second late so that frames on their way still count.
      intake_->tick({util::Clock::system().now().ns - util::ns_per_second});
    }
    if (source_->live()) {
      tell(source_->errors(), errors_told_, capture::max_told_errors);
      tell(source_->complaints(), complaints_told_, capture::max_told_errors);
    }
    if (const auto now = std::chrono::steady_clock::now(); now >= next_share_) {
      next_share_ = now + share_interval;
      share_state(source_->live() ? InputState::live : InputState::reading);
    }
    if (nobody_listens()) {
      report_(fmt::format("{}: not read to its end, since no channel takes anything any more", source_->name()));
      break;
    }
  }
  if (auto finished = intake_->finish(); !finished) report_(finished.error().message);
  sink_->finish();
  share_state(source_->live() ? InputState::live : InputState::reading);
  for (const auto& sender : senders_) sender->close();
  // Of several inputs more than one may have failed.
  tell(source_->errors(), errors_told_, SIZE_MAX);
  tell(source_->complaints(), complaints_told_, SIZE_MAX);
  share_state(source_->errors().empty() ? InputState::ended : InputState::failed);
}

/// One that sums up further ones grows: it is told last.
void Monitor::tell(const std::vector<util::Error>& errors, std::size_t& told, std::size_t up_to) {
  for (; told < std::min(up_to, errors.size()); ++told) report_(errors[told].message);
}

/// The older chain reported every record that lacked something. A stream without flags would then cost a line a record:
/// the first is told, all are counted.
void Monitor::note_lacking(std::size_t reducer, const util::MemberCounts& lacking) {
  for (std::size_t i = 0; i < lacking.size(); ++i) {
    std::uint64_t& total = lacking_[reducer][i];
    if (total == 0 && lacking[i] != 0)
      report_(fmt::format("{}: skips messages that lack \"{}\"; they are counted, this is said once",
                          config_.reducers[reducer].reducer.shown_name(), util::name(static_cast<util::Member>(i))));
    total += lacking[i];
  }
}

bool Monitor::nobody_listens() const {
  return !senders_.empty() && std::ranges::all_of(senders_, [](const auto& sender) { return sender->gone(); });
}

void Monitor::closed(reduce::ClosedWindow&& window) {
  const Books now = intake_->books();
  // What was lost later belongs to windows that are still open.
  const util::Time end{window.window.start.ns + std::llround(window.window.seconds * 1e9)};
  const std::uint64_t lost = source_->kernel_dropped_before(end);
  summary::Loss loss{.kernel = lost - std::exchange(kernel_reported_, lost),
                     .malformed = now.malformed_total() - std::exchange(malformed_reported_, now.malformed_total())};
  for (std::size_t i = 0; i < config_.reducers.size(); ++i) {
    loss.left_out = summary::left_out(window.data[i]);
    loss.key_error = summary::key_error(window.data[i]);
    loss.lacking = window.lacking[i];
    note_lacking(i, loss.lacking);
    summary::Summary summary{.type = config_.reducers[i].reducer.shown_name(),
                             .server = config_.server,
                             .monitor = config_.monitor,
                             .data = std::move(window.data[i]),
                             .window = window.window,
                             .id = {.boot = boot_, .sequence = sequence_, .revision = 0},
                             .loss = loss};
    const auto& targets = senders_by_reducer_[i];
    pushed_ += targets.size();
    for (std::size_t t = 0; t + 1 < targets.size(); ++t) targets[t]->send(summary);
    if (!targets.empty()) targets.back()->send(std::move(summary));
  }
  ++sequence_;
}

Books Monitor::books() const {
  Books books = intake_->books();
  const capture::SourceStats stats = source_->stats();
  books.kernel_lost = stats.kernel_dropped;
  books.left_out = stats.left_out;
  books.late_packets = sink_->windows().late();
  books.windows = sequence_;
  books.gap_windows = sink_->windows().gap_windows();
  for (const auto& sender : senders_) {
    const auto counters = sender->counters();
    books.summaries_sent += counters.sent;
    books.summaries_dropped += counters.dropped;
    books.summaries_waiting += counters.waiting;
    books.summaries_unheard += counters.best_effort.unheard;
    books.summaries_perhaps_twice += counters.best_effort.perhaps_twice;
  }
  books.summaries_pushed = pushed_;
  for (std::size_t i = 0; i < lacking_.size(); ++i)
    for (std::size_t m = 0; m < lacking_[i].size(); ++m)
      if (lacking_[i][m] != 0)
        books.lacking[fmt::format("{}: {}", config_.reducers[i].reducer.shown_name(),
                                  util::name(static_cast<util::Member>(m)))] += lacking_[i][m];
  return books;
}

void Monitor::share_state(InputState input) {
  MonitorState fresh{.input = input,
                     .error = source_->errors().empty() ? "" : source_->errors().front().message,
                     .watermark = intake_->watermark(),
                     .books = books()};
  state_.with([&](MonitorState& shared) { shared = std::move(fresh); });
}

void Monitor::stop() {
  source_->stop();
  throttle_.stop();
  for (const auto& sender : senders_) sender->hurry();
}

MonitorState Monitor::state() const {
  return state_.with([](const MonitorState& shared) { return shared; });
}

}  // namespace rata::pipeline
