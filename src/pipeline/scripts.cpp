#include "pipeline/scripts.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "script/sources.h"
#include "settings/table_reader.h"

namespace rata::pipeline {
namespace {

using script::Script;

/// Twice as long as this a file has to stay as it is before it is read: who saves it may not be done.
constexpr std::chrono::milliseconds look_interval{500};

/// Numbers, texts and bools: what parameters are.
void read_parameters(settings::TableReader& reader, script::ScriptConfig& config) {
  const toml::table* const table = reader.table("parameters");
  if (table == nullptr) return;
  for (const auto& [key, node] : *table) {
    const std::string name(key.str());
    if (const auto text = node.value_exact<std::string>())
      config.parameters[name] = *text;
    else if (const auto flag = node.value_exact<bool>())
      config.parameters[name] = *flag;
    else if (const auto number = node.value<double>(); number && (node.is_integer() || node.is_floating_point()))
      config.parameters[name] = *number;
    else
      reader.fail(node, fmt::format("parameters: {} has to be a number, a text, true or false", name));
  }
}

/// Beside the configuration, unless it is one that comes with the program.
std::string path_of(const std::string& file, const std::string& folder) {
  if (script::find_shipped_script(file) != nullptr) return file;
  const std::filesystem::path path(file);
  return path.is_absolute() || folder.empty() ? file : (std::filesystem::path(folder) / path).string();
}

}  // namespace

void read_script(settings::TableReader& reader, const toml::table& table, const std::string& folder,
                 const Config& config, ReducerEntry& entry) {
  script::ScriptConfig script{.sketch_seed = config.sketch_seed,
                              .most_rows = config.most_rows(),
                              .country = config.geography.country,
                              .asn = config.geography.asn};
  script.hides_addresses = config.anonymise.method != reduce::AnonymizerConfig::Method::none;
  reader.text("lua", script.file);
  reader.text("name", entry.reducer.name);
  reader.whole("memory_mib", script.memory_mib, 8, 65'536);
  reader.number("time_limit_seconds", script.time_limit_seconds);
  reader.whole("faults", script.faults, 1, 1'000'000);
  read_parameters(reader, script);
  if (!(script.time_limit_seconds >= 0.1) || script.time_limit_seconds > 3600)
    reader.fail(table, "time_limit_seconds is from 0.1 to 3600");
  if (script.file.empty()) return;
  script.file = path_of(script.file, folder);
  auto started = Script::start(script, {});
  if (started)
    entry.script = std::move(*started);
  else
    reader.fail(table, "lua: " + started.error().message);
}

util::Result<void> finish_scripts(Config& config) {
  for (ReducerEntry& entry : config.reducers) {
    if (entry.script == nullptr) continue;
    if (const auto described = entry.script->wait_until_described(); !described) return described.error();
    entry.reducer = entry.script->reducer(entry.reducer.name);
  }
  return {};
}

Scripts::Scripts(const Config& config, Script::Report report, bool live, bool in_order)
    : report_(std::move(report)), live_(live), in_order_(in_order) {
  for (std::size_t i = 0; i < config.reducers.size(); ++i) {
    const ReducerEntry& entry = config.reducers[i];
    if (entry.script == nullptr) continue;
    const script::FileStamp& stamp = entry.script->stamp();
    entries_.push_back({.reducer = i,
                        .name = entry.reducer.shown_name(),
                        .now = entry.script,
                        .next = {},
                        .before = {},
                        .ended = {},
                        .earlier = entry.script->figures(),
                        .taken = stamp,
                        .seen = stamp});
    entry.script->set_report(report_);
    entry.script->run_as(live_, in_order_);
  }
}

template <typename Use>
void Scripts::each(Use use) {
  for (Entry& entry : entries_) {
    use(*entry.now);
    for (const auto& one : entry.before) use(*one);
  }
}

void Scripts::settled() {
  each([](Script& one) { one.settled(); });
}

void Scripts::tend() {
  each([](Script& one) { one.tend(); });
}

bool Scripts::want_settling() {
  bool any = false;
  each([&](Script& one) { any = any || one.wants_settling(); });
  return any;
}

void Scripts::look_at_files(const Replace& replace) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + look_interval;
  for (Entry& entry : entries_) {
    look_at(entry, replace);
    let_go(entry);
  }
}

/// A file that is away for a moment is one that is being saved.
void Scripts::look_at(Entry& entry, const Replace& replace) {
  if (entry.next != nullptr) take_over(entry, replace);
  const std::string& file = entry.now->config().file;
  const script::FileStamp stamp = script::stamp_of(file);
  if (stamp.octets < 0 || std::exchange(entry.seen, stamp) != stamp || stamp == entry.taken) return;
  entry.taken = stamp;
  auto started = Script::start(entry.now->config(), report_);
  if (started)
    entry.next = std::move(*started);
  else
    report_(fmt::format("{}: the version before goes on", started.error().message));
}

void Scripts::take_over(Entry& entry, const Replace& replace) {
  auto described = entry.next->is_described();
  if (described && !*described) return;
  const auto fresh = std::exchange(entry.next, nullptr);
  if (described) {
    fresh->run_as(live_, in_order_);
    if (auto replaced = replace(entry.reducer, fresh->reducer(entry.name)); !replaced)
      described = util::Error{fmt::format("{}: {}", fresh->config().file, replaced.error().message)};
  }
  if (!described) return report_(fmt::format("{}\n  the version before goes on", described.error().message));
  entry.before.push_back(std::exchange(entry.now, fresh));
  report_(fmt::format("{}: taken over anew, from the next window on", fresh->config().file));
}

/// Those versions whose last window is over.
void Scripts::let_go(Entry& entry) {
  std::erase_if(entry.before, [&](const std::shared_ptr<Script>& one) {
    if (one->is_used()) return false;
    one->retire();
    entry.ended += one->figures();
    return true;
  });
}

void Scripts::note_versions(Config& config) const {
  for (const Entry& entry : entries_) {
    config.reducers[entry.reducer].script = entry.now;
    config.reducers[entry.reducer].reducer = entry.now->reducer(entry.name);
  }
}

std::vector<script::ScriptFigures> Scripts::figures() {
  std::vector<script::ScriptFigures> all;
  for (Entry& entry : entries_) {
    script::ScriptFigures sum = entry.ended;
    for (const auto& one : entry.before) sum += one->figures();
    sum += entry.now->figures();
    sum -= entry.earlier;
    sum.name = entry.name;
    if (sum.given != 0 || sum.faults != 0 || !entry.now->description().declared) all.push_back(std::move(sum));
  }
  return all;
}

}  // namespace rata::pipeline
