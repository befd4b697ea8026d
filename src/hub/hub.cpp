#include "hub/hub.h"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <map>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "hub/answers.h"
#include "hub/inbox.h"
#include "hub/keeper.h"
#include "hub/metrics.h"
#include "hub/missing.h"
#include "hub/showing.h"
#include "hub/status.h"
#include "hub/subscriptions.h"
#include "serve/aggregate_views.h"
#include "serve/metrics.h"
#include "settings/aggregate_keys.h"
#include "store/history.h"
#include "util/guarded.h"
#include "util/thread_name.h"

namespace rata::hub {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_for_gaps_interval{10'000};
constexpr std::int64_t gaps_seconds = 24 * 3600;
constexpr std::chrono::milliseconds patience{50};
// Of what was shown before the start, at a time: what comes waits so much longer until all is restored.
constexpr std::chrono::milliseconds restore_slice{50};
constexpr std::chrono::milliseconds end_asked_every{50};

util::Time wall_time() { return util::Clock::system().now(); }

/// Something that is to be done every so often.
class Pace {
 public:
  explicit Pace(steady_clock::duration interval) : interval_(interval) {}
  bool is_due() {
    const auto now = steady_clock::now();
    if (now < next_) return false;
    next_ = now + interval_;
    return true;
  }

 private:
  steady_clock::duration interval_;
  steady_clock::time_point next_{};
};

class RunningHub final : public Hub {
 public:
  RunningHub(Config config, Report report) : config_(std::move(config)), report_(std::move(report)) {}
  ~RunningHub() override { stop(); }
  void stop() override;

  util::Result<void> open();

  std::uint16_t port() const override { return server_->port(); }
  util::Result<void> reload(const Config& config, const std::function<bool()>& is_to_end) override;
  std::string balance() const override {
    return standing_.with([](const Standing& standing) { return balance_text(standing); });
  }

 private:
  util::Result<void> check_same_base(const Config& config) const;
  util::Result<void> apply(const Config& config);
  serve::Content content(const Config& config);
  util::Result<void> open_store();
  util::Result<void> start_server();
  util::Result<void> fill(std::unique_ptr<aggregate::Aggregator> aggregator, const Config& config);
  void work();
  util::Result<void> turn();
  void tell_unrestored(const util::Result<void>& restored) const;
  void look_for_gaps(util::Time now);
  std::chrono::milliseconds patience_for(bool restores) const;
  void publish(util::Time now);
  void tell_changes(const std::vector<MonitorState>& monitors, util::Time now);
  std::string metrics() const;

  Config config_;
  Report report_;
  util::Time started_ = wall_time();
  serve::SharedAggregator aggregator_;
  Inbox inbox_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<store::HistoryReader> history_;  // of the working thread
  std::unique_ptr<Answers> answers_;               // on a thread of their own
  std::vector<MissingWindows> missing_;
  std::map<std::pair<std::string, std::string>, bool> heard_;  // by server and monitor: whether something comes of it
  std::set<std::pair<std::string, std::string>> told_double_;
  util::Guarded<Standing> standing_;
  std::string status_;
  StatusPace status_pace_;
  bool is_untidy_ = false;  // the keeper has more to tidy
  Showing showing_;
  Pace look_{look_for_gaps_interval};
  std::unique_ptr<serve::Server> server_;
  std::atomic<const serve::Server*> counted_server_ = nullptr;  // what `metrics` may ask, on the server's own thread
  std::unique_ptr<Subscriptions> subscriptions_;
  std::jthread worker_;
};

util::Result<void> RunningHub::open() {
  auto aggregator = aggregate::Aggregator::make(config_.aggregate);
  if (!aggregator) return aggregator.error();
  aggregator_.with([&](auto& held) { held = std::move(*aggregator); });
  if (auto opened = open_store(); !opened) return opened;
  if (auto served = start_server(); !served) return served;
  subscriptions_ = std::make_unique<Subscriptions>(inbox_, report_);
  if (auto subscribed = subscriptions_->follow(config_.subscriptions); !subscribed) return subscribed;
  worker_ = std::jthread([this] {
    util::name_thread("merge");
    work();
  });
  return {};
}

util::Result<void> RunningHub::open_store() {
  const std::filesystem::path folder = std::filesystem::path(config_.store.path).parent_path();
  std::error_code fault;
  if (!folder.empty() && !std::filesystem::create_directories(folder, fault) && fault)
    return util::Error{fmt::format("history: the folder {} cannot be made: {}; [store] path names another",
                                   folder.string(), fault.message())};
  auto store = store::Store::open(config_.store, wall_time(), store::Replay::later);
  if (!store) return store.error();
  keeper_ = std::make_unique<Keeper>(std::move(*store), aggregator_, config_.aggregate.servers,
                                     config_.clock_tolerance_seconds, report_);
  if (auto begun = keeper_->restore(config_.aggregate.spans.back(), wall_time()); !begun) return begun;
  auto history = store::HistoryReader::open(config_.store);
  if (!history) return history.error();
  history_ = std::move(*history);
  const auto streams = history_->streams();
  if (!streams) return streams.error();
  keeper_->remember(*streams, wall_time());
  auto answers = Answers::start(config_.store, [this] { return keeper_->names(); });
  if (!answers) return answers.error();
  answers_ = std::move(*answers);
  tell_unrestored(keeper_->restore_some(restore_slice, wall_time()));  // of a small history that is all
  return {};
}

void RunningHub::tell_unrestored(const util::Result<void>& restored) const {
  if (!restored)
    report_(restored.error().message + "; what was shown before the start is not shown again, or not all of it");
}

serve::Content RunningHub::content(const Config& config) {
  return {.spans = config.aggregate.spans,
          .servers_location_json = settings::servers_location_json(config.places),
          .metrics = [this] { return metrics(); },
          .page = true,
          .take =
              [this](serve::Delivery delivery, std::function<void(serve::Receipt)> answer) {
                inbox_.put(Inbox::Posted{std::move(delivery), std::move(answer)});
              },
          .ask =
              [this](serve::Question question, std::function<void(serve::Receipt)> answer) {
                answers_->put(std::move(question), std::move(answer));
              },
          .report = report_};
}

util::Result<void> RunningHub::start_server() {
  auto server = serve::Server::start(config_.serve, content(config_));
  if (!server) return server.error();
  server_ = std::move(*server);
  counted_server_ = server_.get();
  publish(wall_time());
  return {};
}

void RunningHub::stop() {
  inbox_.close();
  if (worker_.joinable()) worker_.join();
  subscriptions_.reset();  // what they still bring is dropped
  counted_server_ = nullptr;
  server_.reset();  // before what its thread looks at
}

/// Commits and merges until the end; what waits then is still taken.
void RunningHub::work() {
  while (!inbox_.finished()) tell_unrestored(turn());
  keeper_->take(inbox_.take(0ms), wall_time());  // what was dropped at the end
  keeper_->finish(wall_time());
  publish(wall_time());
}

/// What has come goes first; then it is shown, and what can wait has a while. Errors: as Keeper::restore_some.
/// Until the journal is read only the end is heard of.
util::Result<void> RunningHub::turn() {
  const bool restores = keeper_->is_restoring(), is_stuck = !keeper_->trouble().empty();
  Inbox::Taken taken;
  if (keeper_->is_ready() || is_stuck)
    taken = inbox_.take(patience_for(restores && !is_stuck));
  else if (inbox_.is_closed())
    taken.jobs = inbox_.take_jobs();
  const auto jobs = std::exchange(taken.jobs, {});
  const bool is_lull = taken.empty() && !restores;
  if (!taken.empty()) showing_.changed(steady_clock::now());
  const util::Time now = wall_time();
  keeper_->take(std::move(taken), now);
  if (const auto moment = steady_clock::now(); showing_.is_due(moment, is_lull) || status_pace_.is_due(moment))
    publish(now);
  is_untidy_ = keeper_->tidy(now, is_lull);
  if (look_.is_due()) look_for_gaps(now);
  auto restored = keeper_->restore_some(restore_slice, now);
  if (restores) showing_.changed(steady_clock::now());
  for (const std::function<void()>& job : jobs) job();  // last: they may take turns of their own
  return restored;
}

/// How long there is nothing else to do.
std::chrono::milliseconds RunningHub::patience_for(bool restores) const {
  if (restores) return 0ms;
  if (showing_.has_changes()) return Showing::lull;
  return is_untidy_ ? 0ms : patience;
}

void RunningHub::look_for_gaps(util::Time now) {
  std::vector<std::string> servers;
  for (const MonitorState& monitor : keeper_->roster().monitors())
    if (servers.empty() || servers.back() != monitor.server) servers.push_back(monitor.server);
  auto missing = missing_windows(*history_, servers, {now.ns - gaps_seconds * util::ns_per_second}, now);
  if (missing) missing_ = std::move(*missing);
}

void RunningHub::publish(util::Time now) {
  showing_.shown(steady_clock::now());
  auto views = std::make_shared<const serve::AggregateViews>(aggregator_);
  Standing standing{.started = started_,
                    .now = now,
                    .watermark = {},
                    .restoring = {},
                    .views = {},
                    .monitors = keeper_->roster().monitors(),
                    .missing = missing_,
                    .intake = keeper_->counters(),
                    .store = keeper_->history().counters(),
                    .aggregator = {},
                    .subscriptions = subscriptions_ ? subscriptions_->states() : std::vector<SubscriptionState>{},
                    .trouble = keeper_->trouble()};
  tell_changes(standing.monitors, now);
  aggregator_.with([&](const auto& aggregator) {
    standing.watermark = aggregator->watermark();
    standing.views = aggregator->views();
    standing.aggregator = keeper_->view_counters(aggregator->counters());
  });
  standing.restoring = keeper_->restoring(standing.watermark);
  const bool restores = standing.restoring && !standing.restoring->is_failed;
  if (const auto moment = steady_clock::now(); status_pace_.is_due(moment, restores)) {
    status_pace_.made(moment, standing.monitors.size(), restores);
    status_ = status_json(config_, standing);
    answers_->show(status_);
  }
  server_->publish(std::move(views), status_);
  standing_.with([&](Standing& held) { held = std::move(standing); });
}

/// Who is gone, who is back, and who is there twice.
void RunningHub::tell_changes(const std::vector<MonitorState>& monitors, util::Time now) {
  for (const MonitorState& monitor : monitors) {
    if (monitor.is_double(now) && told_double_.emplace(monitor.server, monitor.monitor).second)
      report_(double_text(monitor));
    const bool is_heard = monitor.health(now) != Health::silent;
    const auto [known, is_new] = heard_.try_emplace({monitor.server, monitor.monitor}, is_heard);
    if (is_new || std::exchange(known->second, is_heard) == is_heard) continue;
    report_(fmt::format("server {}, monitor {}: {}", monitor.server, monitor.monitor,
                        is_heard ? "is heard again" : "is silent"));
  }
  if (heard_.size() > 2 * monitors.size() + 64) heard_.clear();  // of those that are forgotten
  if (told_double_.size() > 2 * monitors.size() + 64) told_double_.clear();
}

std::string RunningHub::metrics() const {
  std::string text = standing_.with([](const Standing& standing) { return metrics_text(standing); });
  if (const serve::Server* server = counted_server_) text += serve::metrics_text(server->counters());
  return text;
}

util::Result<void> RunningHub::check_same_base(const Config& config) const {
  const auto needs_start = [](const char* what) {
    return util::Error{fmt::format("{} is another than before, which needs a new start", what)};
  };
  if (config.store.path != config_.store.path) return needs_start("path of [store]");
  if (!store::keeps_the_same(config.store, config_.store))
    return needs_start("what the history keeps ([store], [[level]])");
  if (config.serve.address != config_.serve.address || config.serve.port != config_.serve.port)
    return needs_start("listen of [serve]");
  if (config.aggregate.servers != config_.aggregate.servers) return needs_start("servers of [aggregate]");
  return {};
}

util::Result<void> RunningHub::reload(const Config& config, const std::function<bool()>& is_to_end) {
  if (auto same = check_same_base(config); !same) return same;
  std::promise<util::Result<void>> outcome;
  if (!inbox_.put([&] { outcome.set_value(apply(config)); })) return util::Error{"the aggregator ends"};
  std::future<util::Result<void>> applied = outcome.get_future();
  // Whoever asks for the end waits here, and can only afterwards call `stop`.
  while (applied.wait_for(end_asked_every) != std::future_status::ready)
    if (is_to_end()) inbox_.close();
  return applied.get();
}

/// On the thread that commits. What may fail comes first. Another aggregator is shown when it has what there was.
util::Result<void> RunningHub::apply(const Config& config) {
  if (inbox_.is_closed()) return util::Error{"the aggregator ends"};
  std::unique_ptr<aggregate::Aggregator> aggregator;
  if (config.aggregate != config_.aggregate) {
    auto made = aggregate::Aggregator::make(config.aggregate);
    if (!made) return made.error();
    aggregator = std::move(*made);
  }
  keeper_->tolerate(config.clock_tolerance_seconds);
  util::Result<void> applied;
  if (aggregator) applied = fill(std::move(aggregator), config);
  if (applied) applied = Subscriptions::try_out(config.subscriptions);
  if (applied) applied = server_->reload(config.serve, content(config));
  if (!applied) {
    keeper_->drop_prepared();
    keeper_->tolerate(config_.clock_tolerance_seconds);
    return applied;
  }
  if (auto subscribed = subscriptions_->follow(config.subscriptions); !subscribed)
    report_(subscribed.error().message + "; nothing is heard from there");
  keeper_->history().set_groups(config.store.groups);
  history_->set_groups(config.store.groups);
  answers_->set_groups(config.store.groups);
  if (keeper_->is_prepared()) keeper_->show_prepared();
  config_ = config;
  showing_.changed(steady_clock::now());
  return {};
}

/// What comes meanwhile is taken, and shown by the one there was.
util::Result<void> RunningHub::fill(std::unique_ptr<aggregate::Aggregator> aggregator, const Config& config) {
  if (!keeper_->is_ready()) return util::Error{"history: what came before the start cannot be read"};
  if (auto begun = keeper_->prepare(std::move(aggregator), config.aggregate.spans.back(), wall_time()); !begun)
    return begun;
  while (!keeper_->is_prepared()) {
    if (inbox_.is_closed()) return util::Error{"the aggregator ends"};
    if (auto restored = turn(); !restored) return restored;
  }
  return {};
}

}  // namespace

util::Result<std::unique_ptr<Hub>> Hub::start(const Config& config, Report report) {
  auto hub = std::make_unique<RunningHub>(config, std::move(report));
  if (auto opened = hub->open(); !opened) return opened.error();
  return std::unique_ptr<Hub>(std::move(hub));
}

}  // namespace rata::hub
