#include "hub/hub.h"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include "hub/answers.h"
#include "hub/inbox.h"
#include "hub/keeper.h"
#include "hub/metrics.h"
#include "hub/missing.h"
#include "hub/status.h"
#include "hub/subscriptions.h"
#include "serve/aggregate_views.h"
#include "serve/metrics.h"
#include "settings/aggregate_keys.h"
#include "store/history.h"
#include "util/guarded.h"

namespace rata::hub {
namespace {

using std::chrono::steady_clock;

// What has come is shown so much later at most. Each time everybody who looks is sent it.
constexpr std::chrono::milliseconds show_after{400};
// The status of many servers is long, and everybody is sent it when it changes.
constexpr std::chrono::seconds status_interval{1}, long_status_interval{5};
constexpr std::size_t many_servers = 20;
constexpr std::chrono::milliseconds flush_interval{1000};
constexpr std::chrono::milliseconds look_for_gaps_interval{10'000};
constexpr std::int64_t gaps_seconds = 24 * 3600;
constexpr std::chrono::milliseconds patience{50};

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
  util::Result<void> reload(const Config& config) override;
  std::string balance() const override {
    return standing_.with([](const Standing& standing) { return balance_text(standing); });
  }

 private:
  util::Result<void> check_same_base(const Config& config) const;
  util::Result<void> apply(const Config& config);
  util::Result<void> subscribe(const Config& config);
  serve::Content content(const Config& config);
  util::Result<void> open_store();
  util::Result<void> start_server();
  void work();
  void look_for_gaps(util::Time now);
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
  util::Guarded<Standing> standing_;
  std::string status_;
  steady_clock::time_point next_status_{};
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
  if (auto subscribed = subscribe(config_); !subscribed) return subscribed;
  worker_ = std::jthread([this] { work(); });
  return {};
}

util::Result<void> RunningHub::open_store() {
  const std::filesystem::path folder = std::filesystem::path(config_.store.path).parent_path();
  std::error_code fault;
  if (!folder.empty() && !std::filesystem::create_directories(folder, fault) && fault)
    return util::Error{fmt::format("history: the folder {} cannot be made: {}; [store] path names another",
                                   folder.string(), fault.message())};
  auto store = store::Store::open(config_.store, wall_time());
  if (!store) return store.error();
  keeper_ = std::make_unique<Keeper>(std::move(*store), aggregator_, config_.aggregate.servers,
                                     config_.clock_tolerance_seconds, report_);
  const auto restored = aggregator_.with(
      [&](auto& held) { return keeper_->restore(*held, config_.aggregate.spans.back(), wall_time()); });
  if (!restored) return restored;
  auto history = store::HistoryReader::open(config_.store);
  if (!history) return history.error();
  history_ = std::move(*history);
  const auto streams = history_->streams();
  if (!streams) return streams.error();
  keeper_->remember(*streams, wall_time());
  auto answers = Answers::start(config_.store);
  if (!answers) return answers.error();
  answers_ = std::move(*answers);
  return {};
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
              }};
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
  Pace flush(flush_interval), look(look_for_gaps_interval), show(show_after);
  while (true) {
    const bool ends = inbox_.finished();
    Inbox::Taken taken = inbox_.take(patience);
    const util::Time now = wall_time();
    for (const std::function<void()>& job : taken.jobs) job();
    keeper_->take(std::move(taken), now);
    if (show.is_due()) publish(now);  // nothing is sent of what did not change
    if (flush.is_due()) keeper_->tidy(now);
    if (look.is_due()) look_for_gaps(now);
    if (ends) break;
  }
  keeper_->finish(wall_time());
  publish(wall_time());
}

void RunningHub::look_for_gaps(util::Time now) {
  std::vector<std::string> servers;
  for (const MonitorState& monitor : keeper_->roster().monitors())
    if (servers.empty() || servers.back() != monitor.server) servers.push_back(monitor.server);
  auto missing = missing_windows(*history_, servers, {now.ns - gaps_seconds * util::ns_per_second}, now);
  if (missing) missing_ = std::move(*missing);
}

void RunningHub::publish(util::Time now) {
  auto views = std::make_shared<const serve::AggregateViews>(aggregator_);
  Standing standing{.started = started_,
                    .now = now,
                    .watermark = {},
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
    standing.aggregator = aggregator->counters();
  });
  const auto interval = standing.monitors.size() > many_servers ? long_status_interval : status_interval;
  if (const auto moment = steady_clock::now(); moment >= next_status_) {
    next_status_ = moment + interval;
    status_ = status_json(config_, standing);
    answers_->show(status_);
  }
  server_->publish(std::move(views), status_);
  standing_.with([&](Standing& held) { held = std::move(standing); });
}

/// Who is gone, and who is back.
void RunningHub::tell_changes(const std::vector<MonitorState>& monitors, util::Time now) {
  for (const MonitorState& monitor : monitors) {
    const bool is_heard = monitor.health(now) != Health::silent;
    const auto [known, is_new] = heard_.try_emplace({monitor.server, monitor.monitor}, is_heard);
    if (is_new || std::exchange(known->second, is_heard) == is_heard) continue;
    report_(fmt::format("server {}, monitor {}: {}", monitor.server, monitor.monitor,
                        is_heard ? "is heard again" : "is silent"));
  }
  if (heard_.size() > 2 * monitors.size() + 64) heard_.clear();  // of those that are forgotten
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

util::Result<void> RunningHub::reload(const Config& config) {
  if (auto same = check_same_base(config); !same) return same;
  std::promise<util::Result<void>> outcome;
  if (!inbox_.put([&] { outcome.set_value(apply(config)); })) return util::Error{"the aggregator ends"};
  return outcome.get_future().get();
}

/// On the thread that commits: nothing comes between. What may fail comes first.
util::Result<void> RunningHub::apply(const Config& config) {
  auto aggregator = aggregate::Aggregator::make(config.aggregate);
  if (!aggregator) return aggregator.error();
  keeper_->tolerate(config.clock_tolerance_seconds);
  auto restored = keeper_->restore(**aggregator, config.aggregate.spans.back(), wall_time());
  if (restored) restored = subscribe(config);
  if (restored) restored = server_->reload(config.serve, content(config));
  if (!restored) {
    keeper_->tolerate(config_.clock_tolerance_seconds);
    if (auto again = subscribe(config_); !again) report_(again.error().message + "; nothing is heard from Redis");
    return restored;
  }
  keeper_->history().set_groups(config.store.groups);
  history_->set_groups(config.store.groups);
  answers_->set_groups(config.store.groups);
  aggregator_.with([&](auto& held) { held = std::move(*aggregator); });
  config_ = config;
  return {};
}

/// Those there were go first: a message without an id would count twice.
util::Result<void> RunningHub::subscribe(const Config& config) {
  subscriptions_.reset();
  auto subscribed = Subscriptions::start(config.subscriptions, inbox_, report_);
  if (!subscribed) return subscribed.error();
  subscriptions_ = std::move(*subscribed);
  return {};
}

}  // namespace

util::Result<std::unique_ptr<Hub>> Hub::start(const Config& config, Report report) {
  auto hub = std::make_unique<RunningHub>(config, std::move(report));
  if (auto opened = hub->open(); !opened) return opened.error();
  return std::unique_ptr<Hub>(std::move(hub));
}

}  // namespace rata::hub
