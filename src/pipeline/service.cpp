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
  std::unique_ptr<Service> service(new Service(config, kind));
  if (auto opened = service->open(std::move(report)); !opened) return opened.error();
  return service;
}

util::Result<void> Service::open(Monitor::Report report) {
  started_ = util::Clock::system().now();
  // Before anything is opened, since opening may leave traces.
  if (!config_.user.empty())
    if (const auto user = find_user(config_.user); !user) return user.error();
  auto sources = open_source(config_);
  if (!sources) return sources.error();
  if (const std::string& name = sources->front()->name(); name != capture::name_of_sources(config_.source->what))
    report(fmt::format("{}: listens", name));

  auto deliver = make_aggregator();
  if (!deliver) return deliver.error();
  auto monitor = Monitor::make(config_, std::move(*sources), std::move(*deliver), report);
  if (!monitor) return monitor.error();
  monitor_ = std::move(*monitor);
  if (auto serving = start_server(); !serving) return serving;
  if (auto given_up = give_up_privileges(report); !given_up) return given_up;
  reader_ = std::jthread([this] {
    monitor_->run();
    at_end_ = true;
  });
  return {};
}

/// The way into it, for channels inside the process; only `run` has one.
util::Result<channel::Deliver> Service::make_aggregator() {
  if (kind_ != Kind::run) return channel::Deliver{};
  auto made = aggregate::Aggregator::make(config_.aggregate);
  if (!made) return made.error();
  aggregator_.with([&](auto& aggregator) { aggregator = std::move(*made); });
  return channel::Deliver([this](std::span<const summary::Summary> batch) {
    aggregator_.with([&](auto& aggregator) {
      for (const summary::Summary& summary : batch) aggregator->add(summary);
    });
  });
}

/// With the page for `run`; a monitor has one only where the configuration asks for it.
util::Result<void> Service::start_server() {
  if (kind_ != Kind::run && !config_.serve_enabled) return {};
  auto server = serve::Server::start(config_.serve, {.spans = config_.aggregate.spans,
                                                     .servers_location_json = servers_location_json(config_.servers),
                                                     .metrics = [this] { return metrics(); },
                                                     .page = kind_ == Kind::run});
  if (!server) return server.error();
  server_ = std::move(*server);
  counted_server_ = server_.get();
  publish();
  return {};
}

/// All that needs them is open, and no packet has been looked at.
util::Result<void> Service::give_up_privileges(const Monitor::Report& report) {
  if (!config_.user.empty()) {
    const auto user = find_user(config_.user);
    if (!user) return user.error();
    if (auto became = become(*user); !became) return became;
  } else if (::geteuid() == 0) {
    if (monitor_->source().live())
      report(
          "runs as root, and need not: --user NAME (user = \"nobody\" in the configuration) gives that up once all is "
          "open");
    return {};  // who wants to stay root keeps what root has
  }
  return drop_capabilities();
}

Service::~Service() {
  if (monitor_) monitor_->stop();
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
  monitor_->stop();
  if (reader_.joinable()) reader_.join();
  if (server_) publish();
}

void Service::publish() {
  StatusInput input{.config = config_,
                    .source = monitor_->source().name(),
                    .live = monitor_->source().live(),
                    .started = started_,
                    .now = util::Clock::system().now(),
                    .monitor = monitor_->state(),
                    .watermark = {},
                    .servers = {}};
  aggregate::Board board;
  aggregator_.with([&](auto& aggregator) {
    if (!aggregator) return;
    board = aggregator->board();
    input.watermark = aggregator->watermark();
    input.servers = aggregator->servers();
  });
  server_->publish(std::move(board), status_json(input));
}

std::string Service::metrics() const {
  const serve::Server* server = counted_server_;
  std::string text = metrics_text(monitor_->state().books);
  text += metrics_text(server != nullptr ? server->counters() : serve::Server::Counters{});
  aggregator_.with([&](const auto& aggregator) {
    if (aggregator) text += metrics_text(aggregator->counters());
  });
  return text;
}

}  // namespace rata::pipeline
