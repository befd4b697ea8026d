#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "app/check_parts.h"
#include "app/options.h"
#include "capture/source.h"
#include "channel/channel.h"
#include "hub/config.h"
#include "pipeline/knowledge.h"
#include "pipeline/privileges.h"
#include "pipeline/service.h"

namespace rata::app {
namespace {

std::string what_can_be_done(const capture::Source& source) {
  if (!source.live()) return "can be read";
  return source.link_types().contains(capture::LinkType::Dnstap) ? "can be listened at" : "can be captured";
}

void check_source(const pipeline::Config& config, Findings& findings) {
  if (!config.source) return findings.warn("source", "none configured; a [[source]] or --source has to name one");
  const std::vector<std::string>& what = config.source->what;
  for (const char* input : {"-", "dnstap:-", "speedy:-"})
    if (std::ranges::find(what, input) != what.end())
      return findings.good(fmt::format("source {}", input), "standard input, not read by this check");
  const std::string part = "source " + capture::name_of_sources(what);
  if (const auto valid = pipeline::validate_source(config); !valid) {
    // `run` stamps Speedy JSON by itself; only what was said outright is wrong for every command.
    if (config.source->arrival_time || !config.source->filter.empty()) return findings.bad(part, valid.error().message);
    findings.good(part, "counts when it arrives with run; monitor needs arrival_time = true or windows by packets");
  }
  const auto sources = pipeline::open_source(config);
  if (!sources) return findings.bad(part, sources.error().message);
  const capture::Source& source = *sources->front();
  for (const util::Error& error : source.errors()) findings.bad(part, error.message);
  if (source.errors().empty()) findings.good(part, what_can_be_done(source));
}

bool may_become(const pipeline::User& user) { return ::geteuid() == 0 || ::geteuid() == user.uid; }

void check_user(const pipeline::Config& config, Findings& findings) {
  if (config.user.empty()) return;
  const std::string part = "user " + config.user;
  const auto user = pipeline::find_user(config.user);
  if (!user) return findings.bad(part, user.error().message);
  findings.good(part, "exists");
  if (!may_become(*user)) findings.warn(part, "what it may write is tried only when root starts this check");
}

/// As `user`, where we may become that; otherwise as who we are, which check_user has said.
util::Result<std::string> as_user(const std::string& user, const std::function<util::Result<std::string>()>& task) {
  if (user.empty()) return task();
  const auto found = pipeline::find_user(user);
  return found && may_become(*found) ? pipeline::ask_as(*found, task) : task();
}

/// As the user that it will be then.
void check_going_on(const std::string& user, const std::string& part, channel::Channel& channel, Findings& findings) {
  const auto found = pipeline::find_user(user);
  if (!found || !may_become(*found)) return;  // check_user has said so
  const auto caveat = pipeline::ask_as(*found, [&] { return channel.try_going_on(); });
  if (!caveat)
    findings.bad(part, fmt::format("user {}: {}", user, caveat.error().message));
  else if (!caveat->empty())
    findings.warn(part, fmt::format("user {}: {}", user, *caveat));
}

/// Those on its summaries. What is nobody else's has a name that an aggregator may have to know only where it was
/// given.
std::vector<std::string> servers_of(const pipeline::Config& config) {
  std::vector<std::string> names;
  for (const pipeline::WatchedServer& server : config.watched) names.push_back(server.name);
  if (config.source)
    for (const std::string& server : config.source->servers)
      if (!server.empty()) names.push_back(server);
  if (names.empty() || config.server_is_given) names.push_back(config.server);
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

void check_channels(const pipeline::Config& config, Findings& findings) {
  const std::vector<std::string> servers = servers_of(config);
  for (const pipeline::ChannelConfig& channel : config.channels) {
    const std::string part = fmt::format("channel {} ({})", channel.name, channel::shown_url(channel.settings.url));
    channel::Settings settings = channel.settings;
    settings.servers = servers;
    const auto opened = channel::open_channel(settings, [](auto) {});
    const auto tried = opened ? (*opened)->try_out() : util::Result<std::string>(opened.error());
    if (!tried) {
      findings.bad(part, tried.error().message);
      continue;
    }
    findings.good(part, *tried);
    if (!config.user.empty()) check_going_on(config.user, part, **opened, findings);
  }
}

/// As the user that it will be then.
void check_spools(const pipeline::Config& config, Findings& findings) {
  for (const pipeline::ChannelConfig& channel : config.channels) {
    if (!channel.settings.spool) continue;
    const channel::Settings::Spool& spool = *channel.settings.spool;
    const std::string part = fmt::format("spool of {} ({})", channel.name, spool.path);
    const auto tried = as_user(config.user, [&] { return try_spool(spool); });
    if (tried)
      findings.good(part, *tried);
    else
      findings.bad(part, tried.error().message);
  }
}

void check_anonymise(const pipeline::Config& config, Findings& findings) {
  using Method = reduce::AnonymizerConfig::Method;
  if (config.anonymise.method == Method::none) return;
  const std::string part = fmt::format("anonymise ({})", reduce::name(config.anonymise.method));
  const auto made = reduce::Anonymizer::make(config.anonymise);
  if (!made) return findings.bad(part, made.error().message);
  findings.good(part, !config.anonymise.has_key()         ? "needs no key"
                      : config.anonymise.key_file.empty() ? "no key_file: a new key at every start"
                                                          : "the key can be read");
}

void check_knowledge(const pipeline::Config& config, Findings& findings) {
  const auto knowledge = pipeline::gather_knowledge(config);
  if (!knowledge) return findings.bad("lists and databases", knowledge.error().message);
  for (const std::string& found : knowledge->found) findings.good("read", found);
  for (const std::string& open : knowledge->left_open) findings.warn("lists and databases", open);
}

/// Only `run` has one, for what is sent to a channel inside the process; it also fills in reducers where there are
/// none.
bool has_aggregator(const pipeline::Config& config) {
  return config.reducers.empty() || std::ranges::any_of(config.channels, [](const pipeline::ChannelConfig& channel) {
           return channel.settings.url.starts_with("memory:");
         });
}

std::string what_is_in(const pipeline::Config& config) {
  std::string text = fmt::format("{} reducers, {} channels", config.reducers.size(), config.channels.size());
  if (has_aggregator(config)) text += fmt::format(", {} processors", config.aggregate.processors.size());
  return text;
}

/// It has compiled, or the configuration would not have been read.
void check_script(const pipeline::ReducerEntry& entry, Findings& findings) {
  const script::Description& what = entry.script->description();
  const std::string part = "script " + entry.script->config().file;
  if (what.declared) return findings.good(part, "a declaration: counted without a process of its own");
  findings.good(part, fmt::format("compiles; {} fields of messages are handed to it", what.fields.size()));
  if (!what.compiles)
    findings.warn(part, "machine code may not be made here (MemoryDenyWriteExecute): it is interpreted, and slow");
}

void check_reducers(const pipeline::Config& config, Findings& findings) {
  for (const pipeline::ReducerEntry& entry : config.reducers) {
    if (entry.script != nullptr) check_script(entry, findings);
    if (entry.send.empty())
      findings.warn("reducer " + entry.reducer.shown_name(),
                    "has no send = [{ channel = \"...\" }]: nobody sees what it counts");
  }
}

int check(const std::string& file) {
  if (hub::is_aggregator_file(file)) return check_aggregator(file);
  const auto config = pipeline::read_config(file);
  if (!config) {
    complain(config.error().message);
    return exit_usage;
  }
  Findings findings;
  findings.good(file, what_is_in(*config));
  check_source(*config, findings);
  check_user(*config, findings);
  check_anonymise(*config, findings);
  check_channels(*config, findings);
  check_spools(*config, findings);
  check_knowledge(*config, findings);
  check_reducers(*config, findings);
  if (config->serve_enabled || has_aggregator(*config))
    check_listener(config->serve, config->aggregate.spans, findings);
  return findings.failed() ? exit_failed : exit_done;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("check", "Read a configuration and try every connection in it");
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "TOML file")->required();
  command->footer("Examples:\n  ratadns check config/monitor.toml\n  ratadns check config/aggregate.toml");
  command->callback([file, &status] { status = check(*file); });
}

}  // namespace rata::app
