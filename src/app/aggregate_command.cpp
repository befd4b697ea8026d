// aggregate: the middle of many monitors.

#include <fmt/format.h>

#include <memory>

#include "app/options.h"
#include "app/signals.h"
#include "app/ticker.h"
#include "hub/hub.h"
#include "settings/listen.h"

namespace rata::app {
namespace {

struct Options {
  std::string config_file, listen, store;
};

util::Result<hub::Config> configure(const Options& options) {
  auto config = options.config_file.empty() ? hub::default_config() : hub::read_config(options.config_file);
  if (!config) return config;
  if (!options.store.empty()) config->store.path = options.store;
  if (options.listen.empty()) return config;
  const auto parsed = settings::parse_listen(options.listen, config->serve);
  return parsed ? config : util::Error{"--listen " + parsed.error().message};
}

void reload(const Options& options, hub::Hub& hub, const SignalWatch& signals) {
  const auto config = configure(options);
  const auto applied =
      config ? hub.reload(*config, [&] { return signals.stopped(); }) : util::Result<void>(config.error());
  tell_reloaded(applied);
}

int aggregate(const Options& options) {
  const auto config = configure(options);
  if (!config) {
    complain(config.error().message);
    return exit_usage;
  }
  Ticker ticker;
  SignalWatch signals([&ticker] { ticker.wake(); },
                      options.config_file.empty() ? SignalWatch::Hangup::ends : SignalWatch::Hangup::reloads);
  auto hub = hub::Hub::start(*config, complain);
  if (!hub) {
    complain(hub.error().message);
    return exit_failed;
  }
  tell(fmt::format("RaTA DNS {} aggregates: {} (history in {})\n", RATADNS_VERSION,
                   settings::page_address(config->serve, (*hub)->port()), config->store.path));
  while (ticker.wait()) {
    if (signals.balance_asked()) tell((*hub)->balance());
    if (signals.reload_asked()) reload(options, **hub, signals);
  }
  (*hub)->stop();
  tell((*hub)->balance());
  return exit_done;
}

}  // namespace

void add_aggregate(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("aggregate", "Take the summaries of many monitors; merge, keep and serve them");
  auto options = std::make_shared<Options>();
  command->add_option("-c,--config", options->config_file, "TOML file; without one everything has a default")
      ->type_name("FILE");
  command->add_option("--listen", options->listen, "address for monitors, page and API (default: 127.0.0.1:8353)")
      ->type_name("ADDRESS:PORT");
  command->add_option("--store", options->store, "the history's database (default: in the state folder)")
      ->type_name("FILE");
  add_log_option(*command);
  command->footer(
      "Example:\n  ratadns aggregate -c config/aggregate.toml\n"
      "Monitors send to it with a channel url = \"https://HOST:8353\". Ctrl-C and SIGTERM end it when what has come is "
      "committed;\nSIGHUP reads the configuration again; SIGUSR1 prints the balance.");
  command->callback([options, &status] { status = aggregate(*options); });
}

}  // namespace rata::app
