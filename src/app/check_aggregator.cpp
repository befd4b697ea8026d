#include <fmt/format.h>

#include <algorithm>

#include "app/check_parts.h"
#include "app/options.h"
#include "hub/config.h"
#include "hub/trial.h"

namespace rata::app {
namespace {

std::string what_is_in(const hub::Config& config) {
  return fmt::format("an aggregator: {} processors, {} levels of history, {} accesses, {} groups, {} subscriptions",
                     config.aggregate.processors.size(), config.store.levels.size(), config.serve.access.size(),
                     config.aggregate.groups.size(), config.subscriptions.size());
}

void check_history(const hub::Config& config, Findings& findings) {
  const std::string part = "history " + config.store.path;
  const auto tried = hub::try_history(config.store);
  if (tried)
    findings.good(part, *tried);
  else
    findings.bad(part, tried.error().message);
}

/// Redis is asked with a connection of its own.
void check_subscriptions(const hub::Config& config, Findings& findings) {
  for (const channel::RedisSubscriberConfig& subscription : config.subscriptions) {
    const std::string part = "subscription " + channel::shown_url(subscription.server.url);
    const auto opened = channel::open_channel(subscription.server);
    const auto tried = opened ? (*opened)->try_out() : util::Result<std::string>(opened.error());
    if (tried)
      findings.good(part, *tried);
    else
      findings.bad(part, tried.error().message);
  }
}

/// Who can send, where not everybody may.
void check_access(const hub::Config& config, Findings& findings) {
  if (config.serve.access.empty()) return;
  const auto may_send = [](const serve::Access& access) { return access.may_send; };
  if (std::ranges::none_of(config.serve.access, may_send))
    findings.warn("access", "no [[access]] has may = [\"send\"]: no monitor can send anything");
}

}  // namespace

int check_aggregator(const std::string& file) {
  const auto config = hub::read_config(file);
  if (!config) {
    complain(config.error().message);
    return exit_usage;
  }
  Findings findings;
  findings.good(file, what_is_in(*config));
  check_history(*config, findings);
  check_access(*config, findings);
  check_subscriptions(*config, findings);
  check_listener(config->serve, config->aggregate.spans, findings);
  return findings.failed() ? exit_failed : exit_done;
}

}  // namespace rata::app
