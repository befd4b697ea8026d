#include "pipeline/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "pipeline/intake.h"
#include "pipeline/knowledge.h"
#include "pipeline/output_keys.h"
#include "pipeline/scripts.h"
#include "settings/aggregate_keys.h"
#include "settings/serve_keys.h"
#include "settings/table_reader.h"
#include "settings/toml_file.h"
#include "util/machine.h"
#include "util/nearest.h"

namespace rata::pipeline {

using settings::TableReader;

namespace {

/// One [[source]] into what stands in the tables before it.
void read_one_source(TableReader& reader, const toml::table& table, Config& config) {
  std::vector<std::string> interfaces, files;
  std::string filter, dnstap, speedy, server;
  bool arrival_time = false;
  reader.texts("interface", interfaces);
  reader.texts("file", files);
  reader.text("dnstap", dnstap);
  reader.text("speedy", speedy);
  reader.text("filter", filter);
  reader.text("server", server);
  reader.flag("arrival_time", arrival_time);
  const bool first = !config.source, live = !interfaces.empty();
  if (first) config.source.emplace();
  reader.whole("ring_mib", config.source->ring_mib, 1, 65'536);
  reader.finish();
  if (interfaces.empty() + files.empty() + dnstap.empty() + speedy.empty() != 3)
    reader.fail(
        table,
        "names one of interface = \"eth0\" (or a list), file = \"x.pcap\", a folder of captures or a list of both "
        "(\"-\": standard input), dnstap = \"/run/dnstap.sock\" (or \"tcp:127.0.0.1:6000\", a file, \"-\") "
        "and speedy = \"x.json\"");
  else if (!first && live != config.source->live)
    reader.fail(table,
                "is not like the one before: interfaces are read with other interfaces, and nothing beside them");
  else if (!live && table.contains("ring_mib"))
    reader.fail(table, "ring_mib is for interfaces: the memory that the kernel shares with us");
  else if (!filter.empty() && !config.source->filter.empty() && filter != config.source->filter)
    reader.fail(table, "has another filter than the one before: it holds for all interfaces together");
  config.source->live = live;
  if (live) files = interfaces;
  if (!dnstap.empty()) files = {"dnstap:" + dnstap};
  if (!speedy.empty()) files = {"speedy:" + speedy};
  config.source->what.insert(config.source->what.end(), files.begin(), files.end());
  config.source->servers.resize(config.source->what.size(), server);
  if (!filter.empty()) config.source->filter = filter;
  if (table.contains("arrival_time")) config.source->arrival_time = arrival_time;
}

void read_source(TableReader& root, Config& config) {
  for (const toml::table* table : root.tables("source")) {
    TableReader reader = root.inner(*table, "[[source]]");
    read_one_source(reader, *table, config);
    root.adopt(reader);
  }
}

void read_send(TableReader& reader, const toml::node* node, ReducerEntry& reducer, Config& config) {
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr || list->empty())
    return reader.fail(*node, "send has to be a list of one or more: send = [{ channel = \"hub\" }]");
  for (const toml::node& item : *list) {
    std::string channel, topic;
    if (const toml::table* table = item.as_table()) {
      TableReader inner = reader.inner(*table, "send");
      inner.text("channel", channel);
      inner.text("topic", topic);
      inner.finish();
      reader.adopt(inner);
    } else if (const auto name = item.value_exact<std::string>()) {
      channel = *name;
    }
    if (channel.empty()) reader.fail(item, "send: every entry names a channel: { channel = \"hub\" }");
    reducer.send.push_back(channel);
    read_topic(reader, item, topic, channel, reducer, config);
  }
}

/// `folder`: of the configuration.
void read_reducers(TableReader& root, const std::string& folder, Config& config) {
  for (const toml::table* table : root.tables("reducer")) {
    TableReader reader = root.inner(*table, "[[reducer]]");
    ReducerEntry reducer;
    if (table->contains("lua")) {
      read_script(reader, *table, folder, config, reducer);
      read_send(reader, reader.find("send"), reducer, config);
      reader.finish();
      root.adopt(reader);
      config.reducers.push_back(std::move(reducer));
      continue;
    }
    reader.text("type", reducer.reducer.type);
    const reduce::ReducerType* type = reduce::find_reducer_type(reducer.reducer.type);
    if (type == nullptr) {
      reader.fail(*table, reduce::no_such_reducer_type(reducer.reducer.type));
      root.adopt(reader);
      return;
    }
    const auto takes = [type](std::string_view option) {
      return fmt::format(" {} ", type->options).find(fmt::format(" {} ", option)) != std::string::npos;
    };
    reader.text("name", reducer.reducer.name);
    if (takes("by")) reader.texts("by", reducer.reducer.by);
    if (takes("where")) reader.texts("where", reducer.reducer.where);
    if (takes("limit")) reader.wholes("limit", reducer.reducer.limit, 0, 10'000'000);
    if (takes("cells")) reader.whole("cells", reducer.reducer.cells, 16, 100'000'000);
    if (takes("measure")) reader.texts("measure", reducer.reducer.measure);
    if (takes("n") && table->contains("n")) reader.whole("n", reducer.reducer.n.emplace(), 0, 1'000'000);
    if (takes("prefix")) reader.wholes("prefix", reducer.reducer.prefix, 0, 128);
    if (takes("orig")) reader.flag("orig", reducer.reducer.orig);
    read_send(reader, reader.find("send"), reducer, config);
    reader.finish();
    root.adopt(reader);
    config.reducers.push_back(std::move(reducer));
  }
}

void read_window(TableReader& root, Config& config) {
  const toml::table* table = root.table("window");
  if (table == nullptr) return;
  TableReader reader = root.inner(*table, "[window]");
  if (table->contains("seconds") && table->contains("packets"))
    reader.fail(*table, "has seconds and packets; a window is one or the other");
  reader.whole("seconds", config.window.seconds, 1, 86'400);
  reader.whole("packets", config.window.packets, 1, 1'000'000'000);
  reader.flag("flush", config.window.flush);
  reader.number("lateness", config.window.lateness_seconds);
  if (config.window.lateness_seconds && (*config.window.lateness_seconds < 0 || *config.window.lateness_seconds > 3600))
    reader.fail(*table, "lateness is from 0 to 3600 seconds");
  reader.finish();
  root.adopt(reader);
}

/// A name, or tables: TOML does not allow one key to be both.
void read_servers(TableReader& root, Config& config) {
  const toml::node* node = root.find("server");
  if (node == nullptr) return;
  if (!node->is_array_of_tables()) {
    root.text("server", config.server);
    config.server_is_given = true;
    return;
  }
  for (const toml::table* table : root.tables("server")) {
    TableReader reader = root.inner(*table, "[[server]]");
    WatchedServer server;
    std::vector<std::string> addresses;
    reader.text("name", server.name);
    reader.texts("addresses", addresses);
    reader.finish();
    if (server.name.empty()) reader.fail(*table, "needs name = \"...\": what its summaries say");
    for (const std::string& address : addresses) {
      const auto network = reduce::read_prefix(address);
      if (!network) reader.fail(*table->get("addresses"), "addresses: " + network.error().message);
      if (network) server.addresses.push_back(*network);
    }
    if (addresses.empty()) {
      if (config.server_is_given)
        reader.fail(*table, "has no addresses, as one before it: only one server can have what is nobody else's");
      config.server = server.name;
      config.server_is_given = true;
    } else {
      config.watched.push_back(std::move(server));
    }
    root.adopt(reader);
  }
}

void read_tunnels(TableReader& root, Config& config) {
  const toml::node* node = root.find("tunnels");
  if (node == nullptr) return;
  std::vector<std::string> names;
  root.texts("tunnels", names, true);
  config.tunnels.remove_all();
  const auto all = decode::tunnel_names();
  const std::vector<std::string> known(all.begin(), all.end());
  for (const std::string& name : names) {
    if (const auto tunnel = decode::tunnel_named(name)) {
      config.tunnels.add(*tunnel);
      continue;
    }
    root.fail(*node, "tunnels: " + util::no_such("tunnel", name, known));
  }
}

/// What waits to be joined, and how much of it.
void read_limits(TableReader& root, Config& config) {
  const toml::table* table = root.table("limits");
  if (table == nullptr) return;
  constexpr std::int64_t most_octets = std::int64_t{1} << 34, most_seconds = 3600;
  constexpr std::int64_t least_stream_octets = 65'537;  // one message of the largest size and its length prefix
  TableReader reader = root.inner(*table, "[limits]");
  reader.whole("streams", config.streams.streams, 16, 10'000'000);
  reader.whole("stream_octets", config.streams.stream_octets, least_stream_octets, most_octets);
  reader.whole("streams_octets", config.streams.total_octets, least_stream_octets, most_octets);
  std::int64_t stream_idle_s = config.streams.stream_idle_ns / util::ns_per_second;
  reader.whole("stream_idle_seconds", stream_idle_s, 1, most_seconds);
  config.streams.stream_idle_ns = stream_idle_s * util::ns_per_second;
  reader.whole("datagrams", config.fragments.datagrams, 1, 10'000'000);
  reader.whole("datagrams_octets", config.fragments.octets, 65'535, most_octets);
  std::int64_t age_s = config.fragments.age_ns / util::ns_per_second;
  reader.whole("datagram_age_seconds", age_s, 1, most_seconds);
  config.fragments.age_ns = age_s * util::ns_per_second;
  constexpr std::uint64_t least_memory_mib = 64, most_memory_mib = 1u << 20;
  reader.whole("memory_mib", config.memory_mib, least_memory_mib, most_memory_mib);
  reader.finish();
  root.adopt(reader);
}

void read_top_level(TableReader& root, Config& config) {
  read_servers(root, config);
  root.text("monitor", config.monitor);
  root.whole("sketch_seed", config.sketch_seed, 0, INT64_MAX);
  root.wholes("ports", config.ports, 1, 65'535);
  root.whole("shards", config.shards, 1, 256);
  root.text("user", config.user);
  root.whole("cpu_limit", config.cpu_limit, 1, most_cpu_limit);
  root.whole("threads", config.threads, 1, most_threads);
  root.text("keep_malformed", config.keep_malformed);
  read_tunnels(root, config);
  read_knowledge(root, config);
}

}  // namespace

util::Result<Config> read_config(const std::string& path) {
  const auto parsed = settings::parse_toml(path);
  if (!parsed) return parsed.error();
  Config config;
  config.server = util::machine_name();
  TableReader root(*parsed, path, "top level");
  read_top_level(root, config);
  read_window(root, config);
  read_limits(root, config);
  read_source(root, config);
  read_anonymise(root, config);
  read_channels(root, config);
  read_reducers(root, std::filesystem::path(path).parent_path().string(), config);
  config.serve_enabled = settings::read_serve(root, config.serve);
  settings::read_aggregate(root, config.aggregate);
  settings::read_locations(root, config.places);
  if (const auto& error = root.finish()) return *error;
  if (const auto finished = finish_scripts(config); !finished) return finished.error();
  if (const auto valid = validate(config); !valid) return util::Error{path + ": " + valid.error().message};
  return config;
}

}  // namespace rata::pipeline
