#include "pipeline/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "capture/live.h"
#include "pipeline/metrics.h"
#include "pipeline/privileges.h"
#include "pipeline/status.h"

namespace rata::pipeline {
namespace {

/// As docs/api.md promises: live events at most once a second.
constexpr std::chrono::milliseconds publish_interval{1000};

util::Error needs_start(const char* what) {
  return {fmt::format("{} is another than before, which needs a new start", what)};
}

util::Error at_end() { return {"the input is at its end; there is nothing that another configuration would change"}; }

}  // namespace

util::Result<std::vector<std::unique_ptr<capture::Source>>> open_source(const Config& config) {
  if (!config.source)
    return util::Error{"no source: name an interface, a capture file, a folder of them, or - for standard input"};
  const std::string& filter = config.source->filter;
  capture::SourceOptions options;
  options.filter = filter.empty() ? default_filter(config) : capture::LiveFilter{filter, filter};
  options.arrival_time = config.source->arrival_time.value_or(false);
  options.ring_octets = std::size_t{config.source->ring_mib} << 20;
  // Each thread its own rings. Windows by packet count have one shard, so that one thread reads, and others help it.
  if (config.threads > 1 && config.window.packets == 0 && capture::are_interfaces(config.source->what))
    return capture::open_live(config.source->what, options, std::min(config.threads, config.shards), config.shards);
  auto source = capture::open_sources(config.source->what, options);
  if (!source) return source.error();
  std::vector<std::unique_ptr<capture::Source>> sources;
  sources.push_back(std::move(*source));
  if (sources.front()->live() || filter.empty()) return sources;
  return util::Error{
      fmt::format("{0}: a filter is for live interfaces; for a capture: tcpdump -r {0} -w - '{1}' | ratadns run -",
                  capture::name_of_sources(config.source->what), filter)};
}

util::Result<std::unique_ptr<Service>> Service::start(const Config& config, Kind kind, Monitor::Report report) {
  std::unique_ptr<Service> service(new Service(config, kind, std::move(report)));
  if (auto opened = service->open(); !opened) return opened.error();
  return service;
}

util::Result<void> Service::open() {
  started_ = util::Clock::system().now();
  // Before anything is opened, since opening may leave traces.
  if (!config_.user.empty())
    if (const auto user = find_user(config_.user); !user) return user.error();
  auto sources = open_source(config_);
  if (!sources) return sources.error();
  if (const std::string& name = sources->front()->name(); name != capture::name_of_sources(config_.source->what))
    report_(fmt::format("{}: listens", name));

  if (auto made = make_aggregator(); !made) return made;
  auto monitor = Monitor::make(config_, *sources, deliver_, report_);
  if (!monitor) return monitor.error();
  monitor_.with([&](SharedMonitor& held) { held = std::move(*monitor); });
  if (auto serving = start_server(); !serving) return serving;
  if (auto given_up = give_up_privileges(); !given_up) return given_up;
  read_on();
  return {};
}

void Service::read_on() {
  std::promise<void> end;
  read_out_ = end.get_future();
  reader_ = std::jthread([this, monitor = monitor(), end = std::move(end)]() mutable {
    monitor->run();
    if (!monitor->left()) at_end_ = true;
    end.set_value();
  });
}

util::Result<void> Service::reload(const Config& config) {
  if (auto same = check_same_inputs(config); !same) return same;
  if (auto same = check_same_service(config); !same) return same;
  if (at_end_) return at_end();
  if (auto served = reload_server(config); !served) return served;
  auto changed = change_monitor(config);
  if (changed) {
    config_ = config;
  } else if (auto served = reload_server(config_); !served) {
    report_(served.error().message);
  }
  return changed;
}

/// The reader may wait for room in a channel whose other side is down: it is let in, so that nothing is lost and nobody
/// waits here.
util::Result<void> Service::change_monitor(const Config& config) {
  constexpr std::chrono::milliseconds patience{2};
  const SharedMonitor before = monitor();
  before->leave();
  while (read_out_.wait_for(patience) != std::future_status::ready) before->make_way();
  reader_.join();
  if (at_end_) return at_end();
  auto sources = before->take_sources();
  Legacy legacy = before->take_legacy();
  auto next = Monitor::make(config, sources, deliver_, report_, &legacy);
  util::Result<void> outcome;
  if (!next) {
    outcome = next.error();
    next = Monitor::make(before->config(), sources, deliver_, report_, &legacy);
  }
  if (!next) {
    at_end_ = true;
    before->put_back(std::move(sources), std::move(legacy));
    return util::Error{fmt::format("{}; and the configuration before cannot be had again: {}", outcome.error().message,
                                   next.error().message)};
  }
  monitor_.with([&](SharedMonitor& held) { held = std::move(*next); });
  read_on();
  return outcome;
}

/// What was opened with rights that are given up by now, or is made of what was.
util::Result<void> Service::check_same_inputs(const Config& config) const {
  if (!config.source || config.source->what != config_.source->what || config.source->filter != config_.source->filter)
    return needs_start("what is read (source, filter)");
  if (config.source->arrival_time != config_.source->arrival_time) return needs_start("arrival_time");
  if (config.source->ring_mib != config_.source->ring_mib) return needs_start("ring_mib");
  const capture::LiveFilter next = default_filter(config), now = default_filter(config_);
  const bool same_filter = next.ethernet == now.ethernet && next.other == now.other;
  if (monitor()->source().live() && config.source->filter.empty() && !same_filter)
    return needs_start("what is captured (ports, tunnels)");
  if (config.threads != config_.threads || config.shards != config_.shards) return needs_start("threads or shards");
  if ((config.window.packets == 0) != (config_.window.packets == 0)) return needs_start("the kind of window");
  if (config.user != config_.user) return needs_start("user");
  return {};
}

util::Result<void> Service::check_same_service(const Config& config) const {
  const bool serves = kind_ == Kind::run || config.serve_enabled;
  if (serves != (server_ != nullptr)) return needs_start("whether there is a [serve]");
  if (serves && (config.serve.address != config_.serve.address || config.serve.port != config_.serve.port))
    return needs_start("listen of [serve]");
  if (kind_ == Kind::run && config.aggregate != config_.aggregate)
    return needs_start("what the aggregator of this process does ([aggregate], [[processor]], [[group]])");
  return {};
}

util::Result<void> Service::reload_server(const Config& config) {
  return server_ ? server_->reload(config.serve, content(config)) : util::Result<void>{};
}

/// The aggregator of the same process, for channels inside it; only `run` has one.
util::Result<void> Service::make_aggregator() {
  if (kind_ != Kind::run) return {};
  auto made = aggregate::Aggregator::make(config_.aggregate);
  if (!made) return made.error();
  aggregator_.with([&](auto& aggregator) { aggregator = std::move(*made); });
  deliver_ = [this](std::span<const summary::Summary> batch) {
    aggregator_.with([&](auto& aggregator) {
      for (const summary::Summary& summary : batch) aggregator->add(summary);
    });
  };
  return {};
}

serve::Content Service::content(const Config& config) const {
  return {.spans = config.aggregate.spans,
          .servers_location_json = settings::servers_location_json(config.places),
          .metrics = [this] { return metrics(); },
          .page = kind_ == Kind::run,
          .report = report_};
}

/// With the page for `run`; a monitor has one only where the configuration asks for it.
util::Result<void> Service::start_server() {
  if (kind_ != Kind::run && !config_.serve_enabled) return {};
  auto server = serve::Server::start(config_.serve, content(config_));
  if (!server) return server.error();
  server_ = std::move(*server);
  counted_server_ = server_.get();
  publish();
  return {};
}

/// All that needs them is open, and no packet has been looked at.
util::Result<void> Service::give_up_privileges() {
  if (!config_.user.empty()) {
    const auto user = find_user(config_.user);
    if (!user) return user.error();
    for (const ChannelConfig& channel : config_.channels)
      if (channel.settings.spool && ::geteuid() == 0)
        if (auto given = hand_over(*user, channel.settings.spool->path); !given) return given;
    if (auto became = become(*user); !became) return became;
  } else if (::geteuid() == 0) {
    if (monitor()->source().live())
      report_(
          "runs as root, and need not: --user NAME (user = \"nobody\" in the configuration) gives that up once all is "
          "open");
    return {};  // who wants to stay root keeps what root has
  }
  return drop_capabilities();
}

Service::~Service() {
  if (const SharedMonitor running = monitor()) running->stop();
  if (reader_.joinable()) reader_.join();
  counted_server_ = nullptr;
  server_.reset();  // before what its thread looks at
}

void Service::tick() {
  const auto now = std::chrono::steady_clock::now();
  if (server_ == nullptr || now < next_publish_) return;
  next_publish_ = now + publish_interval;
  publish();
}

void Service::stop() {
  monitor()->stop();
  if (reader_.joinable()) reader_.join();
  if (server_) publish();
}

void Service::publish() {
  const SharedMonitor running = monitor();
  outlets_.with([&](auto& shown) { shown = running->outlets(); });
  StatusInput input{.config = config_,
                    .source = running->source().name(),
                    .live = running->source().live(),
                    .started = started_,
                    .now = util::Clock::system().now(),
                    .monitor = running->state(),
                    .outlets = running->outlets(),
                    .watermark = {},
                    .servers = {}};
  std::shared_ptr<const serve::AggregateViews> views;  // none: this is a monitor
  if (kind_ == Kind::run) {
    views = std::make_shared<const serve::AggregateViews>(aggregator_);
    aggregator_.with([&](const auto& aggregator) {
      input.watermark = aggregator->watermark();
      input.servers = aggregator->servers();
      input.views = aggregator->views();
    });
  }
  server_->publish(std::move(views), status_json(input));
}

std::string Service::metrics() const {
  const serve::Server* server = counted_server_;
  std::string text = metrics_text(monitor()->state().books);
  text += outlets_.with([](const auto& shown) { return metrics_text(shown); });
  text += serve::metrics_text(server != nullptr ? server->counters() : serve::Server::Counters{});
  aggregator_.with([&](const auto& aggregator) {
    if (aggregator) text += serve::metrics_text(aggregator->counters());
  });
  return text;
}

}  // namespace rata::pipeline
