// bench_fleet: many monitors and many listeners of one aggregator, played by one thread. bench/fleet/run starts it.

#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <iostream>
#include <nlohmann/json.hpp>

#include "fleet/listener.h"
#include "fleet/monitor.h"

namespace rata::fleet {
namespace {

namespace asio = boost::asio;
using nlohmann::ordered_json;

// Between the last window and the end, so that it can reach every page.
constexpr std::int64_t rest_seconds = 8;
// Until each server has sent something: nobody can listen to one that is not known yet.
constexpr std::int64_t known_after_seconds = 5;
constexpr std::int64_t longest_catch_up_seconds = 3600;

struct Options {
  std::uint16_t port = 0;
  std::vector<std::string> recordings, reducers;
  std::size_t monitors = 200, listeners = 1000, some_percent = 10, groups = 10;
  std::int64_t seconds = 60, warm_up = 0, past = 0, step = 1;
  unsigned spread_ms = 200;
};

std::string server_name(std::size_t number) { return fmt::format("ns{:03}", number); }

/// 90 % of the listeners see all servers; the others take turns between one server and one group.
std::string target_of(std::size_t number, const Options& options) {
  const std::string all = "/api/v1/live?span=1";
  if (number % 100 < 100 - options.some_percent) return all;
  const bool is_group = number % 2 == 0 && options.groups > 0;
  return all + (is_group ? fmt::format("&group=group-{}", number / 2 % options.groups)
                         : "&server=" + server_name(number * 7 % options.monitors));
}

ordered_json milliseconds(const util::LogHistogram& histogram) {
  const auto at = [&](double quantile) { return std::round(histogram.quantile(quantile) / 100) / 10; };
  return {{"count", histogram.count()},
          {"p50", at(.5)},
          {"p90", at(.9)},
          {"p99", at(.99)},
          {"max", std::round(static_cast<double>(histogram.max()) / 100) / 10}};
}

class Fleet {
 public:
  explicit Fleet(const Options& options) : options_(options), server_(asio::ip::address_v4::loopback(), options.port) {}
  util::Result<ordered_json> run();

 private:
  using Crowd = Ledger::Crowd;

  util::Result<void> load();
  void listen();
  void start_monitors();
  void run_for(Clock::duration time) { io_.restart(), io_.run_for(time); }
  ordered_json figures() const;

  Options options_;
  asio::io_context io_;
  asio::ip::tcp::endpoint server_;
  std::vector<Recording> recordings_;
  std::deque<Listener> listeners_;
  std::deque<Monitor> monitors_;
  Heard heard_;
  Sent sent_;
  std::int64_t begin_ = 0;  ///< of the windows
  std::optional<Ledger> ledger_;
};

util::Result<void> Fleet::load() {
  for (const std::string& path : options_.recordings) {
    auto recording = read_recording(path, options_.reducers);
    if (!recording) return recording.error();
    recordings_.push_back(std::move(*recording));
  }
  return {};
}

void Fleet::listen() {
  for (std::size_t i = 0; i < options_.listeners; ++i)
    listeners_.emplace_back(io_, Listener::Setting{i, target_of(i, options_), i == 0}, *ledger_, heard_);
  for (Listener& listener : listeners_) {
    asio::co_spawn(io_, listener.run(server_), asio::detached);
    run_for(std::chrono::milliseconds(1));  // one after the other, as people come
  }
}

void Fleet::start_monitors() {
  for (std::size_t i = 0; i < options_.monitors; ++i) {
    const Recording& recording = recordings_[i % recordings_.size()];
    monitors_.emplace_back(
        io_,
        Monitor::Setting{.server = server_name(i),
                         .recording = &recording,
                         .first = i / recordings_.size() * 7,
                         .delay = std::chrono::milliseconds(i * options_.spread_ms / options_.monitors),
                         .from = begin_,
                         .to = begin_ + options_.warm_up + options_.seconds,
                         .measured_from = begin_ + options_.warm_up,
                         .step = options_.step,
                         .in_real_time = options_.past == 0},
        *ledger_, sent_);
    asio::co_spawn(io_, monitors_.back().run(server_), asio::detached);
  }
}

util::Result<ordered_json> Fleet::run() {
  if (auto loaded = load(); !loaded) return loaded.error();
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  begin_ = options_.past > 0 ? (now - options_.past) / options_.step * options_.step : now + 2;
  std::vector<Crowd> crowds;
  for (std::size_t i = 0; i < options_.listeners; ++i)
    crowds.push_back(target_of(i, options_).find('&') == std::string::npos ? Crowd::all_servers : Crowd::some_servers);
  ledger_.emplace(std::move(crowds), begin_ + options_.warm_up);
  if (options_.past > 0) {
    start_monitors();
    run_for(std::chrono::seconds(longest_catch_up_seconds));
    return figures();
  }
  start_monitors();
  run_for(at_second(begin_ + known_after_seconds) - Clock::now());
  listen();
  // Who started this looks at the aggregator when the measured windows begin and end.
  run_for(at_second(begin_ + options_.warm_up) - Clock::now());
  std::cout << "begin " << sent_.summaries << std::endl;
  run_for(at_second(begin_ + options_.warm_up + options_.seconds) - Clock::now());
  std::cout << "end " << sent_.summaries << std::endl;
  run_for(std::chrono::seconds(rest_seconds));
  ordered_json result = figures();
  for (Listener& listener : listeners_) listener.close();
  run_for(std::chrono::milliseconds(100));
  return result;
}

ordered_json Fleet::figures() const {
  ordered_json events;
  for (const auto& [name, one] : heard_.events) events[name] = {{"count", one.count}, {"octets", one.octets}};
  const Ledger::Figures figures = ledger_->figures(Clock::now() - std::chrono::seconds(rest_seconds / 2));
  return {{"monitors", options_.monitors},
          {"posts", sent_.posts},
          {"windows", sent_.windows},
          {"summaries", sent_.summaries},
          {"octets", sent_.octets},
          {"octets_unpacked", sent_.octets_unpacked},
          {"put_off", sent_.put_off},
          {"not_taken", sent_.not_taken},
          {"broken", sent_.broken},
          {"first_trouble", sent_.first_trouble},
          {"acknowledged_ms", milliseconds(sent_.acks)},
          {"own_lateness_ms", milliseconds(sent_.lateness)},
          {"preparing_ms", milliseconds(sent_.preparing)},
          {"listeners", heard_.listening},
          {"broken_listeners", heard_.broken},
          {"events", events},
          {"publications", figures.publications},
          {"measured_windows", figures.windows},
          {"never_shown", figures.never_shown},
          {"never_at_a_listener", figures.never_at_a_listener},
          {"pane_to_page_ms", milliseconds(figures.to_page)},
          {"pane_to_some_page_ms", milliseconds(figures.to_some_page)},
          {"acknowledged_to_shown_ms", milliseconds(figures.to_shown)},
          {"fan_out_ms", milliseconds(figures.fan_out)}};
}

void allow_many_sockets(std::size_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, count + 100));
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace rata::fleet

int main(int argc, char** argv) {
  rata::fleet::Options options;
  CLI::App app("Plays recorded windows of many monitors to an aggregator on this machine, and listens to it.");
  app.add_option("--port", options.port, "the aggregator's, plain HTTP")->required();
  app.add_option("recordings", options.recordings, "summaries by channels file://, one file a profile")->required();
  app.add_option("--reducers", options.reducers, "play these alone")->delimiter(',');
  app.add_option("--monitors", options.monitors)->capture_default_str();
  app.add_option("--listeners", options.listeners)->capture_default_str();
  app.add_option("--some", options.some_percent, "of 100 listeners, those to one server or group")
      ->capture_default_str();
  app.add_option("--groups", options.groups, "group-0 and so on, which the aggregator has")->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long is measured")->capture_default_str();
  app.add_option("--warm-up", options.warm_up, "seconds before that")->capture_default_str();
  app.add_option("--spread", options.spread_ms, "milliseconds between the first and the last monitor of a second")
      ->capture_default_str();
  app.add_option("--past", options.past, "begin so many seconds ago, and go as fast as it goes")->capture_default_str();
  app.add_option("--step", options.step, "with --past: seconds from one window to the next")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  rata::fleet::allow_many_sockets(options.monitors + options.listeners);
  const auto result = rata::fleet::Fleet(options).run();
  if (!result) {
    std::cerr << "bench_fleet: " << result.error().message << '\n';
    return 1;
  }
  std::cout << result->dump() << std::endl;
  return 0;
}
