// What a configuration has to keep to as a whole, and what follows from it.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "pipeline/config.h"
#include "util/utf8.h"

namespace rata::pipeline {
namespace {

/// A name stands in lists, logs and addresses. Errors: it is no line of text.
util::Result<void> validate_name(std::string_view whose, const std::string& name) {
  if (util::valid_utf8(name) != name) return util::Error{fmt::format("the name of the {} is not UTF-8", whose)};
  const std::string shown = util::printable(name, name.size());
  if (shown == name && name.find('\t') == std::string::npos) return {};
  return util::Error{
      fmt::format("the name of the {}, \"{}\", holds a control character (a line's end, a tab, NUL); it "
                  "has to be one line of text",
                  whose, shown)};
}

/// Each shard has its part of what is bounded in all.
util::Result<void> validate_limits(const Config& config) {
  const decode::JoinerLimits& limits = config.streams;
  constexpr std::size_t least_streams = 16;
  if (limits.streams < config.shards * least_streams)
    return util::Error{fmt::format("[limits] streams = {}: {} shards need {} or more", limits.streams, config.shards,
                                   config.shards * least_streams)};
  if (limits.total_octets < config.shards * limits.stream_octets)
    return util::Error{
        fmt::format("[limits] streams_octets = {}: {} shards, in each of which one stream may keep {} "
                    "octets waiting (stream_octets), need {} or more",
                    limits.total_octets, config.shards, limits.stream_octets, config.shards * limits.stream_octets)};
  return {};
}

/// An address is of one server.
util::Result<void> validate_watched(const Config& config) {
  std::vector<std::pair<reduce::Prefix, std::string>> known;
  std::set<std::string> names;
  for (const WatchedServer& server : config.watched) {
    if (auto valid = validate_name("[[server]]", server.name); !valid) return valid;
    if (!names.insert(server.name).second)
      return util::Error{
          fmt::format("two [[server]] tables have the name \"{}\"; one can have all its addresses", server.name)};
    for (const reduce::Prefix& network : server.addresses) {
      const auto same = std::ranges::find(known, network, &std::pair<reduce::Prefix, std::string>::first);
      if (same != known.end())
        return util::Error{fmt::format("the address {}/{} is of the servers \"{}\" and \"{}\"",
                                       util::text(network.address), network.bits, same->second, server.name)};
      known.emplace_back(network, server.name);
    }
  }
  return {};
}

using Names = std::set<std::string>;

util::Result<Names> channels_of(const Config& config) {
  Names channels;
  for (const ChannelConfig& channel : config.channels)
    if (!channels.insert(channel.name).second)
      return util::Error{fmt::format("two channels have the name \"{}\"", channel.name)};
  return channels;
}

util::Result<void> validate_sends(const ReducerEntry& entry, const Names& channels) {
  for (const std::string& channel : entry.send) {
    if (std::ranges::count(entry.send, channel) > 1)
      return util::Error{
          fmt::format("reducer {}: sends to the channel \"{}\" twice; for a second topic there, give "
                      "the URL a second [[channel]] with another name",
                      entry.reducer.shown_name(), channel)};
    if (!channels.contains(channel))
      return util::Error{fmt::format("reducer {}: sends to the channel \"{}\", which is not configured; there are: {}",
                                     entry.reducer.shown_name(), channel, fmt::join(channels, ", "))};
  }
  return {};
}

/// The names of all that can be made and sent.
util::Result<Names> reducers_of(const Config& config, const Names& channels) {
  Names names;
  for (const ReducerEntry& entry : config.reducers) {
    if (!names.insert(entry.reducer.shown_name()).second)
      return util::Error{fmt::format("two reducers have the name \"{}\"; give one another with name = \"...\"",
                                     entry.reducer.shown_name())};
    if (const auto sends = validate_sends(entry, channels); !sends) return sends.error();
    const reduce::Context context;
    reduce::Plan plan;
    reduce::Surroundings around{context, plan};
    if (const auto made = reduce::make_reducer(entry.reducer, around); !made) return made.error();
  }
  return names;
}

util::Result<void> validate_processors(const Config& config, const Names& reducers) {
  for (const aggregate::ProcessorConfig& processor : config.aggregate.processors)
    for (const std::string& reducer : processor.reads)
      if (!reducers.contains(reducer))
        return util::Error{fmt::format("processor {}: reads the reducer \"{}\", which is not configured; there are: {}",
                                       processor.type, reducer, fmt::join(reducers, ", "))};
  if (const auto aggregator = aggregate::Aggregator::make(config.aggregate); !aggregator) return aggregator.error();
  return {};
}

util::Result<void> validate_names(const Config& config) {
  if (config.ports.empty()) return util::Error{"ports is empty; it needs at least one, such as [53]"};
  if (config.server.empty()) return util::Error{"server is empty; it is the name on every summary"};
  if (auto valid = validate_name("server", config.server); !valid) return valid;
  if (config.source)
    for (const std::string& server : config.source->servers)
      if (auto valid = validate_name("server of a [[source]]", server); !valid) return valid;
  return validate_name("monitor", config.monitor);
}

/// Every reducer is there once for each shard, window that is open and server, and takes room before it has counted
/// anything.
util::Result<void> validate_room(const Config& config) {
  constexpr std::size_t reducer_octets = 2560;  // the mean of the 39 presets, measured
  constexpr double mib = 1024.0 * 1024;
  std::size_t windows = 1;
  if (config.window.packets == 0) {
    const auto seconds = static_cast<double>(config.window.seconds);
    // The newest, those that wait for what is late, and one that closes.
    windows = 2 + static_cast<std::size_t>(std::ceil(config.window.lateness_seconds.value_or(seconds) / seconds));
  }
  const std::size_t servers = config.watched.size() + 1;
  const std::size_t octets = config.reducers.size() * config.shards * windows * servers * reducer_octets;
  if (octets <= config.tables_octets()) return {};
  return util::Error{fmt::format(
      "{} reducers, each {} times for {} windows that are open at once (of {} s, lateness {} s) and {} servers, take "
      "{:.0f} MiB "
      "before the first packet; [limits] memory_mib = {} leaves {:.0f} MiB for tables. A shorter lateness, longer "
      "windows, "
      "fewer reducers or servers, or a larger memory_mib is wanted",
      config.reducers.size(), config.shards, windows, config.window.seconds,
      config.window.lateness_seconds.value_or(static_cast<double>(config.window.seconds)), servers,
      static_cast<double>(octets) / mib, config.memory_mib, static_cast<double>(config.tables_octets()) / mib)};
}

}  // namespace

util::Result<void> validate(const Config& config) {
  if (auto watched = validate_watched(config); !watched) return watched;
  if (auto names = validate_names(config); !names) return names;
  if (auto limits = validate_limits(config); !limits) return limits;
  const auto channels = channels_of(config);
  if (!channels) return channels.error();
  if (config.anonymise.method != reduce::AnonymizerConfig::Method::none && !config.keep_malformed.empty())
    return util::Error{
        fmt::format("keep_malformed would write addresses as they are into {}, and [anonymise] says that "
                    "none may leave: one of the two has to go",
                    config.keep_malformed)};
  const auto reducers = reducers_of(config, *channels);
  if (!reducers) return reducers.error();
  if (auto room = validate_room(config); !room) return room;
  return validate_processors(config, *reducers);
}

util::Result<void> validate_source(const Config& config) {
  if (!config.source) return {};
  const auto of_kind = [&](const char* prefix) {
    return std::ranges::any_of(config.source->what, [&](const std::string& one) { return one.starts_with(prefix); });
  };
  const bool speedy = of_kind("speedy:"), dnstap = of_kind("dnstap:");
  const std::string what = capture::name_of_sources(config.source->what);
  if ((speedy || dnstap) && !config.source->filter.empty())
    return util::Error{fmt::format("{}: a filter is for live interfaces; there are no frames in this", what)};
  if (!speedy) return {};
  if (config.from || config.to)
    return util::Error{fmt::format("{}: --from and --to leave out by time, and Speedy JSON has none", what)};
  if (config.window.packets == 0 && !config.source->arrival_time.value_or(false))
    return util::Error{
        fmt::format("{}: Speedy JSON has no times, and windows of {} s need them; accepted are windows by count, "
                    "window = {{ packets = 1000 }}, or arrival_time = true in [[source]] (--arrival-time): every "
                    "record then counts when it arrives",
                    what, config.window.seconds)};
  return {};
}

std::size_t Config::tables_octets() const {
  // When a window closes, its shards' tables are added up into one: for that moment the same again. The rest is for
  // what streams and fragments keep waiting, for rows on their way out, and for the program itself. Each channel may
  // have a result at hand as large as half of the tables (a list), and its text.
  constexpr std::size_t mib = 1024 * 1024, program_mib = 32;
  return std::min(memory_mib * mib / 4, (memory_mib - program_mib) * mib / (2 + channels.size()));
}

std::size_t Config::queue_octets() const {
  return memory_mib * 1024 * 1024 / 16 / std::max<std::size_t>(channels.size(), 1);
}

std::size_t Config::most_rows() const {
  constexpr std::size_t row_octets = 128;  // of usual names
  return memory_mib * 1024 * 1024 / 32 / row_octets;
}

std::string Config::fingerprint() const {
  std::string text = fmt::format("{}|{}|{}|{}|{}|{}|{}|{}", server, monitor, fmt::join(ports, ","), shards,
                                 window.seconds, window.packets, window.flush, window.lateness_seconds.value_or(-1));
  text += fmt::format("|{} {}", memory_mib, sketch_seed);
  if (from) text += fmt::format("|from {}", from->ns);  // where windows begin to count; `to` moves none
  text += fmt::format("|{} {} {} {}|{} {} {}", streams.streams, streams.stream_octets, streams.total_octets,
                      streams.stream_idle_ns, fragments.datagrams, fragments.octets, fragments.age_ns);
  for (const WatchedServer& one : watched)
    for (const reduce::Prefix& network : one.addresses)
      text += fmt::format("|{} {} {}", one.name, util::text(network.address), network.bits);
  if (source)
    for (const std::string& name : source->servers)
      if (!name.empty()) text += fmt::format("|<{}", name);
  for (std::size_t i = 0; i < decode::tunnel_names().size(); ++i)
    if (!tunnels.has(static_cast<decode::Tunnel>(i))) text += fmt::format("|-{}", decode::tunnel_names()[i]);
  if (anonymise.method != reduce::AnonymizerConfig::Method::none)
    text += fmt::format("|{} {} {}", reduce::name(anonymise.method), anonymise.ipv4_bits, anonymise.ipv6_bits);
  for (const reduce::Prefix& prefix : local) text += fmt::format("|{}", reduce::text(prefix));
  text += fmt::format("|{}|{}|{}|{}", lists.tlds, lists.public_suffixes, geography.country, geography.asn);
  for (const ReducerEntry& entry : reducers) {
    const reduce::ReducerConfig& reducer = entry.reducer;
    text += fmt::format("|{} {} {} {} {} {}", reducer.type, reducer.name, fmt::join(reducer.by, ","),
                        fmt::join(reducer.where, ","), fmt::join(reducer.limit, ","), reducer.cells);
    text += fmt::format(" {} {} {} {}", fmt::join(reducer.measure, ","), reducer.n ? std::to_string(*reducer.n) : "-",
                        fmt::join(reducer.prefix, ","), reducer.orig);
    if (entry.script != nullptr)
      text += fmt::format(" {} {} {}", entry.script->source(), entry.script->config().parameters.dump(),
                          entry.script->config().memory_mib);
  }
  return text;
}

}  // namespace rata::pipeline
