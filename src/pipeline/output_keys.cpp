#include "pipeline/output_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "settings/choice.h"

namespace rata::pipeline {
namespace {

void read_spool(settings::TableReader& channel, channel::Settings& settings) {
  using channel::Fsync;
  const toml::table* table = channel.table("spool");
  if (table == nullptr) return;
  settings::TableReader reader = channel.inner(*table, "spool of [[channel]]");
  auto& spool = settings.spool.emplace();
  reader.text("path", spool.path);
  reader.whole("limit_mib", spool.limit_mib, 1, 1u << 24);
  settings::read_choice<Fsync>(
      reader, "fsync", {{"always", Fsync::always}, {"second", Fsync::second}, {"never", Fsync::never}}, spool.fsync);
  reader.finish();
  if (spool.path.empty()) reader.fail(*table, "needs path = \"...\": a folder of its own");
  channel.adopt(reader);
}

/// What this kind of channel takes; other keys stay unread and are refused. A kind that does not exist takes all: that
/// is what has to be said of it.
void read_settings(settings::TableReader& reader, channel::Settings& settings) {
  const channel::ChannelType* type = channel::find_channel_type(settings.url);
  const auto takes = [type](std::string_view option) {
    return type == nullptr || fmt::format(" {} ", type->options).find(fmt::format(" {} ", option)) != std::string::npos;
  };
  using channel::Compression;
  using summary::Form;
  if (takes("form"))
    settings::read_choice<Form>(reader, "form", {{"own", Form::own}, {"older", Form::older}}, settings.form);
  const auto read_text = [&](const char* key, std::string& into) {
    if (takes(key)) reader.text(key, into);
  };
  read_text("password_file", settings.password_file);
  read_text("password_env", settings.password_env);
  read_text("token_file", settings.token_file);
  read_text("token_env", settings.token_env);
  read_text("ca_file", settings.ca_file);
  read_text("certificate_file", settings.certificate_file);
  read_text("key_file", settings.key_file);
  read_spool(reader, settings);
  if (takes("rotate_mib")) reader.whole("rotate_mib", settings.rotate_mib, 1, 1'048'576);
  if (takes("rotate_seconds")) reader.whole("rotate_seconds", settings.rotate_seconds, 1, 31'622'400);
  if (takes("keep")) reader.whole("keep", settings.keep, 1, 1'000'000);
  if (takes("compress"))
    settings::read_choice<Compression>(
        reader, "compress", {{"none", Compression::none}, {"gzip", Compression::gzip}, {"zstd", Compression::zstd}},
        settings.compress);
}

}  // namespace

void read_channels(settings::TableReader& root, Config& config) {
  for (const toml::table* table : root.tables("channel")) {
    settings::TableReader reader = root.inner(*table, "[[channel]]");
    ChannelConfig channel;
    reader.text("name", channel.name);
    reader.text("url", channel.settings.url);
    read_settings(reader, channel.settings);
    reader.finish();
    if (channel.name.empty() || channel.settings.url.empty()) reader.fail(*table, "needs a name and a url");
    root.adopt(reader);
    config.channels.push_back(channel);
  }
}

void read_topic(settings::TableReader& reader, const toml::node& at, const std::string& topic,
                const std::string& channel, const ReducerEntry& reducer, Config& config) {
  if (topic.empty()) return;
  for (ChannelConfig& one : config.channels) {
    if (one.name != channel) continue;
    const channel::ChannelType* type = channel::find_channel_type(one.settings.url);
    if (type != nullptr && !type->topics)
      return reader.fail(at, fmt::format("send: topic is for channels that have topics (redis://); \"{}\" is {}",
                                         channel, type->pattern));
    one.settings.topics[reducer.reducer.shown_name()] = topic;
  }
}

void read_anonymise(settings::TableReader& root, Config& config) {
  const toml::table* table = root.table("anonymise");
  if (table == nullptr) return;
  settings::TableReader reader = root.inner(*table, "[anonymise]");
  std::string method;
  reader.text("method", method);
  const auto found = reduce::anonymizer_method(method.empty() ? "none" : method);
  if (method.empty())
    reader.fail(*table, "needs method = \"...\": none, crypto-pan, hash or truncate");
  else if (!found)
    reader.fail(*table, found.error().message);
  else
    config.anonymise.method = *found;
  if (config.anonymise.has_key()) reader.text("key_file", config.anonymise.key_file);
  if (config.anonymise.method == reduce::AnonymizerConfig::Method::truncate) {
    reader.whole("ipv4_bits", config.anonymise.ipv4_bits, 0, 32);
    reader.whole("ipv6_bits", config.anonymise.ipv6_bits, 0, 128);
  }
  reader.finish();
  root.adopt(reader);
}

}  // namespace rata::pipeline
