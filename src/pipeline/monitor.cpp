#include "pipeline/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <functional>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "pipeline/boot.h"
#include "pipeline/knowledge.h"

namespace rata::pipeline {
namespace {

/// Windows by packet count need all packets in one order: one shard.
std::size_t shards_of(const Config& config) { return config.window.packets != 0 ? 1 : config.shards; }

IntakeConfig intake_config(const Config& config) {
  return {.ports = config.ports,
          .shards = shards_of(config),
          .from = config.from,
          .to = config.to,
          .guard_time = true,
          .needs_time = config.window.packets == 0,
          .tunnels = config.tunnels,
          .limits = config.streams,
          .fragments = config.fragments};
}

/// How many frames a script waits for at most. A live one hears of each read. Threads have to stand still for it: not
/// often, and not so seldom that what waits takes much memory.
std::size_t settle_frames(bool live, bool shares_work) {
  constexpr std::size_t of_file = 4096, of_threads = 16'384;
  if (live) return 1;
  return shares_work ? of_threads : of_file;
}

/// How often others see how far the reading is.
constexpr std::chrono::milliseconds share_interval{100};

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

/// A source, the intake that takes its frames, and where the packets of that go.
struct Monitor::Line final : PacketSink {
  Line(Monitor& owner, std::size_t place, std::unique_ptr<capture::Source> opened)
      : monitor(owner),
        number(place),
        source(std::move(opened)),
        errors_told(source->errors().size()),
        complaints_told(source->complaints().size()) {}

  void add(std::size_t shard, std::size_t server, std::span<const reduce::Packet> batch) override {
    monitor.watched_->servers()[server].windows->add(monitor.cell_of(number, shard), batch);
  }
  void add_malformed(std::size_t shard, std::size_t server, const reduce::MalformedMessage& message) override {
    monitor.watched_->servers()[server].windows->add_malformed(monitor.cell_of(number, shard), message);
  }
  void settled() override { monitor.scripts_->settled(); }
  bool wants_settling() override { return monitor.scripts_->want_settling(); }
  util::Time advance(util::Time watermark) override { return monitor.advance(*this, watermark); }

  /// What others may ask of the source, whose thread this is.
  void look_at_source() {
    const capture::SourceStats stats = source->stats();
    kernel_dropped = stats.kernel_dropped;
    left_out = stats.left_out;
    if (const auto& errors = source->errors(); !errors.empty() && !failed.exchange(true))
      error.with([&](std::string& text) { text = errors.front().message; });
  }

  Monitor& monitor;
  const std::size_t number;
  std::unique_ptr<capture::Source> source;
  std::unique_ptr<Intake> intake;
  std::atomic<std::uint64_t> kernel_dropped = 0, left_out = 0;
  std::atomic<bool> failed = false;
  util::Guarded<std::string> error;  ///< the first one
  std::size_t errors_told, complaints_told;
  std::chrono::steady_clock::time_point next_look{};
};

/// `helped`: other threads work for the one that reads.
Monitor::Monitor(const Config& config, Report report, bool helped)
    : config_(config), report_(std::move(report)), throttle_(config.cpu_limit, ThrottleClocks::system(helped)) {
  if (config_.monitor.empty()) config_.monitor = config_.server;
  lacking_.resize(config_.reducers.size());
  left_out_told_.resize(config_.reducers.size());
}

Monitor::~Monitor() = default;

util::Result<std::unique_ptr<Monitor>> Monitor::make(const Config& config,
                                                     std::vector<std::unique_ptr<capture::Source>>& sources,
                                                     const channel::Deliver& deliver, Report report, Legacy* legacy) {
  assert(!sources.empty() && (sources.size() == 1 || config.window.packets == 0));
  std::unique_ptr<Monitor> monitor(new Monitor(config, std::move(report), sources.size() == 1 && config.threads > 1));
  for (auto& source : sources)
    monitor->lines_.push_back(std::make_unique<Line>(*monitor, monitor->lines_.size(), std::move(source)));
  monitor->outlets_ = legacy != nullptr ? std::move(legacy->outlets)
                                        : std::make_unique<Outlets>(deliver, monitor->live(), monitor->report_);
  if (auto opened = monitor->open(); !opened) {
    if (legacy != nullptr) legacy->outlets = std::move(monitor->outlets_);
    sources = monitor->take_sources();
    return opened.error();
  }
  sources.clear();
  if (legacy != nullptr) monitor->past_ = std::move(legacy->books);
  // Whoever asks before anything was read is told what was known before.
  for (const auto& line : monitor->lines_) line->look_at_source();
  monitor->share_state(InputState::waiting);
  return monitor;
}

Config Monitor::config() const {
  Config config = config_;
  scripts_->note_versions(config);
  return config;
}

std::vector<std::unique_ptr<capture::Source>> Monitor::take_sources() {
  std::vector<std::unique_ptr<capture::Source>> sources;
  for (const auto& line : lines_) sources.push_back(std::move(line->source));
  return sources;
}

void Monitor::put_back(std::vector<std::unique_ptr<capture::Source>> sources, Legacy legacy) {
  outlets_ = std::move(legacy.outlets);
  for (std::size_t i = 0; i < sources.size(); ++i) lines_[i]->source = std::move(sources[i]);
}

/// The channels last: those of another monitor are touched only when nothing else can go wrong.
util::Result<void> Monitor::open() {
  auto knowledge = gather_knowledge(config_);
  if (!knowledge) return knowledge.error();
  for (const std::string& left_open : knowledge->left_open) report_(left_open);
  context_ = std::move(knowledge->context);
  context_.sketch_seed = config_.sketch_seed;
  context_.most_rows = config_.most_rows();
  if (const auto anonymous = open_anonymizer(); !anonymous) return anonymous.error();
  if (const auto made = make_windows(); !made) return made.error();
  // What the inputs lost until now is in the summaries of who read from them before.
  for (Watched::Server& server : watched_->servers()) server.kernel_reported = lost_before({INT64_MAX});
  return outlets_->open(config_);
}

/// The windows, and what feeds them.
util::Result<void> Monitor::make_windows() {
  IntakeConfig intake = intake_config(config_);
  const bool shares_work = lines_.size() == 1 && config_.threads > 1;
  reduce::DoAll do_all;  // by packet count windows close on the thread that works on the shard
  if (shares_work && config_.window.packets == 0)
    do_all = [this](std::size_t tasks, const Crew::Task& task) { lines_.front()->intake->for_each(tasks, task); };
  context_.shards = lines_.size() > 1 ? intake.shards + lines_.size() : intake.shards;
  context_.inputs = lines_.size();
  auto watched = Watched::make(
      config_, context_, [this](std::size_t server, reduce::ClosingWindow& window) { closed(server, window); }, do_all);
  if (!watched) return watched.error();
  watched_ = std::move(*watched);
  scripts_ = std::make_unique<Scripts>(config_, report_, live(), lines_.size() == 1);
  intake.servers = watched_->map();
  intake.threads = shares_work ? config_.threads : 1;
  if (!scripts_->empty()) intake.settle_frames = settle_frames(live(), shares_work);
  for (const auto& line : lines_) line->intake = std::make_unique<Intake>(intake, *line);
  return keep_malformed();
}

/// Several lines: the kernel deals packets by their shard, so each has shards that hardly ever get anything elsewhere
/// (capture::open_live says when). What does goes to a cell that the line has for that: no cell is two threads'.
std::size_t Monitor::cell_of(std::size_t line, std::size_t shard) const {
  return lines_.size() == 1 || shard % lines_.size() == line ? shard : shards_of(config_) + line;
}

util::Result<void> Monitor::keep_malformed() {
  const std::vector<std::string> inputs = config_.source ? config_.source->what : std::vector<std::string>{};
  if (lines_.size() == 1) return lines_.front()->intake->keep_malformed(config_.keep_malformed, inputs);
  if (config_.keep_malformed.empty()) return {};
  auto file = MalformedFile::create(config_.keep_malformed, inputs);
  if (!file) return file.error();
  malformed_file_ = std::move(*file);
  for (const auto& line : lines_) line->intake->keep_malformed(*malformed_file_);
  return {};
}

util::Result<void> Monitor::open_anonymizer() {
  auto made = reduce::Anonymizer::make(config_.anonymise);
  if (!made) return made.error();
  context_.anonymizer = std::move(*made);
  if (config_.anonymise.has_key() && config_.anonymise.key_file.empty())
    report_("anonymise: no key_file: a key for this run only; the next one shows other addresses");
  return {};
}

void Monitor::run() {
  if (live()) boot_ = random_boot();
  {
    std::vector<std::jthread> others;
    for (const auto& line : std::span(lines_).subspan(1)) others.emplace_back([this, &line] { read(*line); });
    read(*lines_.front());
  }
  watched_->finish();
  send_later(true);
  if (malformed_file_) malformed_file_->settle();
  share_state(live() ? InputState::live : InputState::reading);
  left_ = leaving_.load();
  if (!left_) outlets_->close();
  // Of several inputs more than one may have failed.
  for (const auto& line : lines_) {
    tell(line->source->errors(), line->errors_told, SIZE_MAX);
    tell(line->source->complaints(), line->complaints_told, SIZE_MAX);
  }
  const bool failed = std::ranges::any_of(lines_, [](const auto& line) { return line->failed.load(); });
  share_state(failed ? InputState::failed : InputState::ended);
}

/// One line, to its end.
void Monitor::read(Line& line) {
  std::vector<capture::Frame> batch;
  batch.reserve(capture::max_batch);
  Throttle::Meter meter;
  // A source that was stopped still hands over what it holds; then it ends.
  while (!leaving_) {
    const capture::Read brought = line.source->read(batch);
    if (brought == capture::Read::end) break;
    take_in(line, brought, batch);
    if (brought == capture::Read::frames) throttle_.pause(meter);
    if (live()) {
      tell(line.source->errors(), line.errors_told, capture::max_told_errors);
      tell(line.source->complaints(), line.complaints_told, capture::max_told_errors);
    }
    if (const auto now = std::chrono::steady_clock::now(); now >= line.next_look) {
      line.next_look = now + share_interval;
      line.look_at_source();
      if (&line == lines_.front().get()) share_state(live() ? InputState::live : InputState::reading);
    }
    if (nobody_listens()) {
      if (&line == lines_.front().get())
        report_(fmt::format("{}: not read to its end, since no channel takes anything any more", line.source->name()));
      break;
    }
  }
  line.look_at_source();
  const std::shared_lock inside(gate_);
  if (auto finished = line.intake->finish(); !finished) report_(finished.error().message);
}

void Monitor::take_in(Line& line, capture::Read brought, std::span<const capture::Frame> frames) {
  const std::shared_lock inside(gate_);
  if (brought == capture::Read::frames) {
    if (boot_.empty()) boot_ = boot_of(config_.fingerprint(), frames);
    line.intake->add(frames);
  } else if (live() || (config_.source && config_.source->arrival_time.value_or(false))) {
    // A silent link closes its windows by the clock, a second late so that frames on their way still count.
    line.intake->tick({util::Clock::system().now().ns - util::ns_per_second});
    scripts_->tend();
  }
  if (live() && !scripts_->empty()) send_later(false);
}

/// Called by a line that is inside the gate, between packets. Where there are others, they come to a stand first: each
/// has then handed over what it held, or waits here itself.
util::Time Monitor::advance(Line& line, util::Time watermark) {
  line.look_at_source();
  if (lines_.size() > 1) {
    gate_.unlock_shared();
    gate_.lock();
  }
  watermark_ = std::max(watermark_, watermark);
  const util::Time next = watched_->advance(watermark_);
  if (malformed_file_) malformed_file_->settle();
  if (lines_.size() > 1) {
    gate_.unlock();
    gate_.lock_shared();
  }
  return next;
}

/// While nothing is added.
void Monitor::look_at_scripts() {
  scripts_->look_at_files(
      [this](std::size_t reducer, const reduce::ReducerConfig& config) { return watched_->replace(reducer, config); });
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

/// Said once: every summary has the number.
void Monitor::note_left_out(std::size_t reducer, std::uint64_t left_out) {
  if (left_out_told_[reducer]) return;
  left_out_told_[reducer] = true;
  report_(
      fmt::format("{}: {} entries of a window had no room; a larger limit, or memory_mib in [limits], makes more "
                  "(loss.left_out in the summaries counts them, this is said once)",
                  config_.reducers[reducer].reducer.shown_name(), left_out));
}

bool Monitor::nobody_listens() const { return outlets_->nobody_listens(); }

std::uint64_t Monitor::lost_before(util::Time time) const {
  return std::transform_reduce(lines_.begin(), lines_.end(), std::uint64_t{0}, std::plus<>(),
                               [&](const auto& line) { return line->source->kernel_dropped_before(time); });
}

/// What was lost later belongs to windows that are still open; the last one has what is left.
summary::Loss Monitor::loss_of(std::size_t server, const reduce::ClosingWindow& window) {
  Watched::Server& watched = watched_->servers()[server];
  const util::Time start = window.window().start;
  const util::Time end{window.is_last() ? INT64_MAX : start.ns + std::llround(window.window().seconds * 1e9)};
  // A window by packet count may end before the one that went before it: what is told is told.
  const std::uint64_t lost = std::max(lost_before(end), watched.kernel_reported);
  return {.kernel = lost - std::exchange(watched.kernel_reported, lost), .malformed = window.malformed()};
}

void Monitor::closed(std::size_t server, reduce::ClosingWindow& window) {
  Watched::Server& watched = watched_->servers()[server];
  summary::Window told = window.window();
  if (watched.fallback && !window.is_used()) {
    watched.late_untold += told.late;
    return;
  }
  told.late += std::exchange(watched.late_untold, 0);
  const summary::Loss loss = loss_of(server, window);
  for (reduce::ClosingWindow::Result result; window.next(result);) {
    summary::Summary summary{.type = config_.reducers[result.reducer].reducer.shown_name(),
                             .server = watched.name,
                             .monitor = config_.monitor,
                             .data = std::move(result.data),
                             .window = told,
                             .id = {.boot = boot_, .sequence = watched.sequence, .revision = 0},
                             .loss = loss};
    summary.loss.lacking = result.lacking;
    if (result.later != nullptr && live()) {
      // Nothing waits for a script that takes its time.
      unfinished_.with(
          [&](auto& all) { all.push_back({result.reducer, std::move(summary), std::move(result.later)}); });
      continue;
    }
    if (result.later != nullptr) {
      reduce::Later::Outcome outcome = result.later->wait();
      summary.data = std::move(outcome.data);
      summary.loss.missed = outcome.missed;
    }
    send(result.reducer, std::move(summary));
  }
  ++watched.sequence;
}

void Monitor::send(std::size_t reducer, summary::Summary summary) {
  summary.loss.left_out = summary::left_out(summary.data);
  summary.loss.key_error = summary::key_error(summary.data);
  note_lacking(reducer, summary.loss.lacking);
  if (summary.loss.left_out != 0) note_left_out(reducer, summary.loss.left_out);
  outlets_->send(reducer, std::move(summary));
}

/// Those that scripts have finished by now, or all of them.
void Monitor::send_later(bool wait) {
  unfinished_.with([&](std::vector<Unfinished>& all) {
    for (Unfinished& one : all) {
      std::optional<reduce::Later::Outcome> outcome = wait ? one.later->wait() : one.later->poll();
      if (!outcome) continue;
      one.summary.data = std::move(outcome->data);
      one.summary.loss.missed = outcome->missed;
      send(one.reducer, std::move(one.summary));
      one.later = nullptr;
    }
    std::erase_if(all, [](const Unfinished& one) { return one.later == nullptr; });
  });
}

/// Of what ends with this monitor.
Books Monitor::own_books() {
  Books books;
  for (const auto& line : lines_) books += line->intake->books();
  for (const Watched::Server& server : watched_->servers()) {
    books.late_packets += server.windows->late();
    books.windows += server.sequence;
    books.gap_windows += server.windows->gap_windows();
  }
  books.scripts = scripts_->figures();
  for (std::size_t i = 0; i < lacking_.size(); ++i)
    for (std::size_t m = 0; m < lacking_[i].size(); ++m)
      if (lacking_[i][m] != 0)
        books.lacking[fmt::format("{}: {}", config_.reducers[i].reducer.shown_name(),
                                  util::name(static_cast<util::Member>(m)))] += lacking_[i][m];
  books += past_;
  return books;
}

Books Monitor::books() {
  Books books = own_books();
  for (const auto& line : lines_) {
    books.kernel_lost += line->kernel_dropped;
    books.left_out += line->left_out;
  }
  outlets_->add_to(books);
  return books;
}

void Monitor::share_state(InputState input) {
  MonitorState fresh{.input = input, .error = {}, .watermark = {INT64_MIN}, .books = {}};
  for (const auto& line : lines_)
    if (fresh.error.empty()) fresh.error = line->error.with([](const std::string& text) { return text; });
  {
    const std::scoped_lock alone(gate_);
    for (const auto& line : lines_) fresh.watermark = std::max(fresh.watermark, line->intake->watermark());
    fresh.books = books();
    look_at_scripts();  // all stand still
  }
  state_.with([&](MonitorState& shared) { shared = std::move(fresh); });
}

const capture::Source& Monitor::source() const { return *lines_.front()->source; }

void Monitor::leave() {
  leaving_ = true;
  throttle_.stop();
}

void Monitor::stop() {
  for (const auto& line : lines_) line->source->stop();
  throttle_.stop();
  if (outlets_) outlets_->hurry();
}

MonitorState Monitor::state() const {
  return state_.with([](const MonitorState& shared) { return shared; });
}

}  // namespace rata::pipeline
