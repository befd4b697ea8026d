// run and monitor: the two commands that keep going.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/options.h"
#include "app/signals.h"
#include "app/ticker.h"
#include "pipeline/service.h"
#include "settings/listen.h"

namespace rata::app {
namespace {

using pipeline::Config;
using pipeline::Service;

constexpr const char* what_sources_are =
    "an interface, or several; or capture files, folders of them and - for standard input, read as one in the order "
    "of time; or dnstap:PATH, dnstap:tcp:ADDRESS:PORT, dnstap:-, speedy:FILE";

struct Options {
  InputOptions input;
  std::string config_file;
  std::vector<std::string> source;
  std::string filter, server, listen, user;
  std::uint32_t window_seconds = 0;
  unsigned cpu_limit = 0;
  bool arrival_time = false;
};

bool has_speedy(const std::vector<std::string>& what) {
  return std::ranges::any_of(what, [](const std::string& one) { return one.starts_with("speedy:"); });
}

/// The file, or the defaults. `run` has reducers for the page where a file names none.
util::Result<Config> read_base(const std::string& file, Service::Kind kind) {
  const Config embedded = pipeline::embedded_config();
  if (file.empty()) return embedded;
  auto config = pipeline::read_config(file);
  if (!config || !config->reducers.empty()) return config;
  if (kind == Service::Kind::monitor)
    return util::Error{file + ": no [[reducer]]: nothing would be counted; `ratadns list reducers`"};
  config->reducers = pipeline::default_reducers(config->geography);
  config->channels.insert(config->channels.end(), embedded.channels.begin(), embedded.channels.end());
  return config;
}

/// What every command with an input takes.
util::Result<void> override_input(const InputOptions& options, Config& config) {
  const auto input = options.intake();
  if (!input) return input.error();
  if (!options.ports.empty()) config.ports = input->ports;
  config.from = input->from;
  config.to = input->to;
  if (!options.keep_malformed.empty()) config.keep_malformed = options.keep_malformed;
  options.close(config.tunnels);
  if (options.threads) config.threads = *options.threads;
  return {};
}

void override_source(const Options& options, Service::Kind kind, Config& config) {
  if (!options.source.empty()) {
    if (!config.source) config.source.emplace();
    config.source->what = options.source;
    config.source->servers.clear();
  }
  if (!config.source) return;
  if (options.arrival_time) config.source->arrival_time = true;
  // The page shows now: records without a time are of now.
  if (kind == Service::Kind::run && has_speedy(config.source->what) && !config.source->arrival_time)
    config.source->arrival_time = true;
  if (!options.filter.empty()) config.source->filter = options.filter;
}

util::Result<void> override_rest(const Options& options, Config& config) {
  if (!options.server.empty()) {
    config.server = options.server;
    config.server_is_given = true;
  }
  if (!options.user.empty()) config.user = options.user;
  if (options.cpu_limit != 0) config.cpu_limit = options.cpu_limit;
  if (options.window_seconds != 0) {
    config.window.seconds = options.window_seconds;
    config.window.packets = 0;
  }
  if (options.listen.empty()) return {};
  config.serve_enabled = true;
  const auto parsed = settings::parse_listen(options.listen, config.serve);
  return parsed ? util::Result<void>{} : util::Error{"--listen " + parsed.error().message};
}

util::Result<void> validate(const Config& config, Service::Kind kind) {
  if (!config.source)
    return util::Error{fmt::format(
        "no source: name an interface, a capture file, a folder of them, or - for standard input, as in "
        "`ratadns {0} {1}capture.pcap`; `ratadns {0} --help` has more",
        kind == Service::Kind::run ? "run" : "monitor", kind == Service::Kind::run ? "" : "-c FILE --source ")};
  if (auto valid = pipeline::validate(config); !valid) return valid;
  if (auto valid = pipeline::validate_source(config); !valid) return valid;
  for (const unsigned minutes : config.aggregate.spans)
    if (kind == Service::Kind::run && config.window.packets == 0 && minutes * 60 % config.window.seconds != 0)
      return util::Error{
          fmt::format("windows of {} s do not divide a span of {} min: 1, 2, 5, 10, 15, 20, 30 and 60 s do",
                      config.window.seconds, minutes)};
  return {};
}

/// File or embedded defaults, then what the command line says.
util::Result<Config> configure(const Options& options, Service::Kind kind) {
  auto config = read_base(options.config_file, kind);
  if (!config) return config;
  if (auto input = override_input(options.input, *config); !input) return input.error();
  override_source(options, kind, *config);
  if (auto rest = override_rest(options, *config); !rest) return rest.error();
  if (auto valid = validate(*config, kind); !valid) return valid.error();
  return config;
}

void report_end(const Service& service, const std::string& source, bool serving) {
  const pipeline::MonitorState state = service.state();
  if (state.input != pipeline::InputState::failed && serving)
    tell(fmt::format("{}: read to its end, {} frames; the page stays until Ctrl-C\n", source, state.books.frames));
}

void reload(const Options& options, Service::Kind kind, Service& service) {
  const auto config = configure(options, kind);
  const auto applied = config ? service.reload(*config) : util::Result<void>(config.error());
  tell_reloaded(applied);
}

int watch(const Options& options, Service::Kind kind) {
  const auto config = configure(options, kind);
  if (!config) {
    complain(config.error().message);
    return exit_usage;
  }
  Ticker ticker;
  SignalWatch signals([&ticker] { ticker.wake(); },
                      options.config_file.empty() ? SignalWatch::Hangup::ends : SignalWatch::Hangup::reloads);
  auto service = Service::start(*config, kind, complain);
  if (!service) {
    complain(service.error().message);
    return exit_failed;
  }
  const std::string source = capture::name_of_sources(config->source->what);
  if (kind == Service::Kind::run)
    tell(fmt::format("RaTA DNS {} watches {}: {}\n", RATADNS_VERSION, source == "-" ? "standard input" : source,
                     settings::page_address(config->serve, (*service)->port())));
  else if ((*service)->port() != 0)
    tell(fmt::format("metrics: {}metrics\n", settings::page_address(config->serve, (*service)->port())));
  bool end_reported = false;
  while (ticker.wait()) {
    (*service)->tick();
    if (signals.balance_asked()) tell_balance(source, (*service)->state().books);
    if (signals.reload_asked()) reload(options, kind, **service);
    if (!(*service)->input_at_end() || end_reported) continue;
    if (kind == Service::Kind::monitor) break;
    end_reported = true;
    report_end(**service, source, true);
  }
  (*service)->stop();
  if (!end_reported) report_end(**service, source, false);
  const pipeline::MonitorState state = (*service)->state();
  tell(pipeline::balance_text(state.books));
  const bool is_lost = state.books.summaries_dropped + state.books.summaries_refused > 0;
  return state.input == pipeline::InputState::failed || is_lost ? exit_failed : exit_done;
}

void add_common(CLI::App& command, Options& options) {
  options.input.add_to(command);
  add_log_option(command);
  command.add_option("--filter", options.filter, "live: libpcap filter instead of the one made of the ports")
      ->type_name("EXPRESSION");
  command.add_option("--server", options.server, "name of the DNS server on every summary (default: this machine's)")
      ->type_name("NAME");
  command.add_option("--listen", options.listen, "address of the page and the API (default: 127.0.0.1:8353)")
      ->type_name("ADDRESS:PORT");
  command.add_option("--user", options.user, "who to be once everything is open, such as nobody (started by root)")
      ->type_name("NAME");
  command
      .add_option("--cpu-limit", options.cpu_limit,
                  "most processor time for reading and counting, in percent of one core (default: no limit)")
      ->type_name("PERCENT")
      ->check(CLI::Range(1u, pipeline::most_cpu_limit));
  command.add_flag("--arrival-time", options.arrival_time,
                   "messages without a time (Speedy JSON, some dnstap) count when they arrive");
  command.add_option("--window", options.window_seconds, "length of a window in seconds (default: 1)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 86'400));
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("run", "Everything in one process: read, reduce, aggregate, serve the page");
  auto options = std::make_shared<Options>();
  command->add_option("SOURCE", options->source, what_sources_are);
  command->add_option("-c,--config", options->config_file, "TOML file; without one everything has a default")
      ->type_name("FILE");
  add_common(*command, *options);
  command->footer(
      "Examples:\n  ratadns run capture.pcap\n  ratadns run rotated/ more.pcapng.zst\n  sudo ratadns run eth0 eth1 "
      "--user nobody\n"
      "  tcpdump -i eth0 -U -w - port 53 | ratadns run -\n"
      "The page is at http://127.0.0.1:8353/. Ctrl-C ends and prints the balance; SIGUSR1 prints it and goes on.");
  command->callback([options, &status] { status = watch(*options, Service::Kind::run); });
}

void add_monitor(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("monitor", "Capture and reduce; summaries to the configured channels");
  auto options = std::make_shared<Options>();
  command->add_option("-c,--config", options->config_file, "TOML file")->required()->type_name("FILE");
  command->add_option("--source", options->source, what_sources_are)->type_name("SOURCE");
  add_common(*command, *options);
  command->footer(
      "Example:\n  ratadns monitor -c config/monitor.toml --source capture.pcap\n"
      "Ctrl-C and SIGTERM end and print the balance; SIGUSR1 prints it and goes on.");
  command->callback([options, &status] { status = watch(*options, Service::Kind::monitor); });
}

}  // namespace rata::app
