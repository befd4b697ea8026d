#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "aggregate/aggregator.h"
#include "capture/source.h"
#include "pipeline/config.h"
#include "pipeline/monitor.h"
#include "serve/aggregate_views.h"
#include "serve/server.h"
#include "util/guarded.h"

namespace rata::pipeline {

/// Opens what the configuration names as its source: one, or of interfaces one for each thread. Errors: none named, it
/// cannot be opened, or a filter where no interface is.
util::Result<std::vector<std::unique_ptr<capture::Source>>> open_source(const Config& config);

/// A configuration becomes a running path: the monitor on a thread of its own, the aggregator fed by the monitor's
/// memory channel, the HTTP server on another. The owner calls `tick` a few times a second.
class Service {
 public:
  enum class Kind {
    run,      ///< everything in one process, with the page
    monitor,  ///< summaries to channels; HTTP only for /metrics and /healthz, and only when configured
  };

  /// Opens source, channels and listener. Errors: the first that cannot be had.
  static util::Result<std::unique_ptr<Service>> start(const Config& config, Kind kind, Monitor::Report report);
  ~Service();

  /// Publishes what is new.
  void tick();

  /// Ends the input, waits until all that was read is sent, publishes for the last time.
  void stop();

  /// Goes on with another configuration: windows that are open are closed and sent, reducers are made anew, channels
  /// where they are others than before, and the inputs are read on where they are; a live one keeps what comes
  /// meanwhile. What a TCP stream or a query waits for is forgotten. Source, threads, user, where [serve] listens and
  /// what the aggregator of `run` does cannot change.
  /// Errors: what is wrong, or needs a new start; the old configuration goes on.
  util::Result<void> reload(const Config& config);

  bool input_at_end() const { return at_end_; }
  MonitorState state() const { return monitor()->state(); }
  /// 0 without a listener.
  std::uint16_t port() const { return server_ ? server_->port() : 0; }

 private:
  Service(const Config& config, Kind kind, Monitor::Report report)
      : config_(config), kind_(kind), report_(std::move(report)) {}
  using SharedMonitor = std::shared_ptr<Monitor>;

  util::Result<void> open();
  util::Result<void> check_same_inputs(const Config& config) const;
  util::Result<void> check_same_service(const Config& config) const;
  util::Result<void> reload_server(const Config& config);
  util::Result<void> change_monitor(const Config& config);
  void read_on();
  SharedMonitor monitor() const {
    return monitor_.with([](const SharedMonitor& monitor) { return monitor; });
  }
  util::Result<void> make_aggregator();
  serve::Content content(const Config& config) const;
  util::Result<void> start_server();
  util::Result<void> give_up_privileges();
  void publish();
  std::string metrics() const;

  Config config_;
  Kind kind_;
  Monitor::Report report_;
  channel::Deliver deliver_;  // into the aggregator
  util::Time started_;
  serve::SharedAggregator aggregator_;
  util::Guarded<SharedMonitor> monitor_;
  util::Guarded<std::vector<OutletState>> outlets_;  // as published last: `metrics` is asked on the server's thread
  std::unique_ptr<serve::Server> server_;
  std::atomic<const serve::Server*> counted_server_ = nullptr;  // what `metrics` may ask, on the server's own thread
  std::chrono::steady_clock::time_point next_publish_{};
  std::atomic<bool> at_end_ = false;
  std::future<void> read_out_;  // the reader is about to end
  std::jthread reader_;
};

}  // namespace rata::pipeline
