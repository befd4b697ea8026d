#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregate/aggregator.h"
#include "capture/source.h"
#include "channel/channel.h"
#include "decode/fragments.h"
#include "decode/joiner.h"
#include "decode/tunnel.h"
#include "pipeline/server_map.h"
#include "reduce/anonymizer.h"
#include "reduce/reducer.h"
#include "reduce/windows.h"
#include "script/script.h"
#include "serve/server.h"
#include "settings/aggregate_keys.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::pipeline {

struct SourceConfig {
  std::vector<std::string> what;  ///< as capture::open_sources takes them: a live source, or captures read as one input
  std::string filter;             ///< interfaces: in libpcap's language; empty: `default_filter`
  std::vector<std::string>
      servers;  ///< of each of `what`: whose packets these are unless an address says; "": nobody's
  /// Messages without a time (Speedy JSON, some dnstap) get that of their arrival. Absent: `run` does so for Speedy
  /// JSON, since its page shows now.
  std::optional<bool> arrival_time;
  bool live = false;       ///< a table says `interface`
  unsigned ring_mib = 32;  ///< interfaces: what the kernel may keep for us, for each
};

struct ChannelConfig {
  std::string name;
  channel::Settings settings;
};

struct ReducerEntry {
  reduce::ReducerConfig reducer;
  std::vector<std::string> send;           ///< names of channels
  std::shared_ptr<script::Script> script;  ///< `lua = ...`; nullptr: a type
};

/// Files with lists of names; empty: see gather_knowledge.
struct ListsConfig {
  std::string tlds, public_suffixes;
};

/// MaxMind DB files; empty: nothing is known of addresses.
struct GeographyConfig {
  std::string country, asn;
};

/// More than so many cores nobody means: percent.
inline constexpr unsigned most_cpu_limit = 10'000;

/// A server that is known by its addresses.
struct WatchedServer {
  std::string name;
  std::vector<reduce::Prefix> addresses;
};

/// The whole configuration, defaults beside each field. One TOML file fills it; command-line options override.
struct Config {
  std::string server;            ///< name on every summary that is not of a `watched` one; default: this machine's name
  bool server_is_given = false;  ///< `server` is not the default
  std::string monitor;           ///< name of this process; default: `server`
  std::vector<std::uint16_t> ports = {53};
  unsigned shards = 8;
  std::string user;        ///< who to be once everything is open; empty: who we are
  unsigned cpu_limit = 0;  ///< percent of one core, for all threads that read, together; 0: no limit
  unsigned threads = 1;
  std::optional<util::Time> from, to;
  std::vector<reduce::Prefix> local;  ///< addresses of this side, beside those of `watched` servers
  ListsConfig lists;
  GeographyConfig geography;
  std::string keep_malformed;        ///< pcap file for examples of what cannot be read; empty: none
  decode::TunnelSet tunnels;         ///< that are looked into
  decode::JoinerLimits streams;      ///< bounds of what TCP streams may keep waiting, all shards together
  decode::FragmentLimits fragments;  ///< bounds of what IP fragments may
  std::uint64_t sketch_seed = 0;     ///< of hashes inside sketches: the same in all monitors whose summaries merge
  std::uint64_t memory_mib = 256;    ///< ceiling for the whole process
  reduce::WindowConfig window;
  std::optional<SourceConfig> source;
  reduce::AnonymizerConfig anonymise;  ///< addresses on their way out
  std::vector<ChannelConfig> channels;
  std::vector<ReducerEntry> reducers;
  bool serve_enabled = false;  ///< a [serve] table is there
  serve::Config serve;
  aggregate::Config aggregate;
  std::vector<settings::ServerPlace> places;
  std::vector<WatchedServer> watched;

  /// What of `memory_mib` the tables of reducers may take.
  std::size_t tables_octets() const;
  /// And what the results that wait in one channel's queue may.
  std::size_t queue_octets() const;
  /// Rows of one result; more are summed up.
  std::size_t most_rows() const;

  /// What two runs must have in common to count as the same: goes into `boot`.
  std::string fingerprint() const;
};

/// Where nobody configured any: what the page shows, sent to the channel "page". Countries and networks only where
/// there is something to look them up in.
std::vector<ReducerEntry> default_reducers(const GeographyConfig& geography);

/// What `ratadns run` does without a configuration file: the reducers that the page needs, into the aggregator of the
/// same process.
Config embedded_config();

/// Reads a TOML file. Errors: file, line and key, what stands there and what would be accepted.
util::Result<Config> read_config(const std::string& path);

/// Checks what no single key can know: every `send` names a channel, every reducer can be made, every processor exists.
util::Result<void> validate(const Config& config);

/// Checks what a source and the rest ask of each other: windows by time need times. Options may still change that after
/// `read_config`, so it is not a part of it.
util::Result<void> validate_source(const Config& config);

/// Filters for a live interface that let through whatever `config` could count, as far as BPF sees it: the DNS ports,
/// later fragments and IPv6 with extension headers (which show no port), ICMP errors, and the tunnels that are opened,
/// whole; on Ethernet also inside VLANs.
capture::LiveFilter default_filter(const Config& config);

}  // namespace rata::pipeline
