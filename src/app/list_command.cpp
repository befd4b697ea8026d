#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "aggregate/processor.h"
#include "app/options.h"
#include "app/output.h"
#include "channel/channel.h"
#include "hub/metrics.h"
#include "pipeline/metrics.h"
#include "reduce/dimension.h"
#include "reduce/reducer.h"
#include "script/field.h"
#include "util/nearest.h"

namespace rata::app {
namespace {

/// A fact about an entry beside its help: {"options", "by where limit"}.
struct Fact {
  std::string name, value;
};

struct Entry {
  std::string name, help;
  std::vector<Fact> facts = {};
};

/// One registry.
struct Listing {
  const char* what;
  const char* help;
  std::vector<Entry> (*entries)();
};

void add_fact(Entry& entry, const char* name, std::string_view value) {
  if (!value.empty()) entry.facts.push_back({name, std::string(value)});
}

std::string words_of(auto words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::vector<Entry> reducers() {
  std::vector<Entry> entries;
  for (const reduce::ReducerType* type : reduce::reducer_types()) {
    Entry& entry = entries.emplace_back(Entry{std::string(type->name), std::string(type->help)});
    add_fact(entry, "data", type->rows);
    add_fact(entry, "options", type->options);
  }
  return entries;
}

/// Rows with a name and help, and what more there is of them.
std::vector<Entry> named(auto items) {
  std::vector<Entry> entries;
  for (const auto& item : items) {
    Entry& entry = entries.emplace_back(Entry{std::string(item.name), std::string(item.help)});
    if constexpr (requires { std::string_view(item.example); }) add_fact(entry, "example", item.example);
    if constexpr (requires { std::string_view(item.argument); }) add_fact(entry, "behind a colon", item.argument);
    if constexpr (requires { item.quantity; })
      add_fact(entry, "quantiles", item.quantity == reduce::Quantity::none ? "" : "yes");
  }
  return entries;
}

std::vector<Entry> processors() {
  std::vector<Entry> entries;
  for (const aggregate::ProcessorType* type : aggregate::processor_types()) {
    Entry& entry = entries.emplace_back(Entry{std::string(type->name), std::string(type->help)});
    add_fact(entry, "reads", words_of(type->reads));
  }
  return entries;
}

/// How a channel's URL looks, and the keys that it takes beside.
Entry channel_entry(const auto& type) {
  Entry entry;
  if constexpr (requires { type.pattern; })
    entry.name = type.pattern;
  else
    entry.name = type.scheme;
  entry.help = type.help;
  if constexpr (requires { type.options; }) add_fact(entry, "options", type.options);
  return entry;
}

std::vector<Entry> channels() {
  std::vector<Entry> entries;
  for (const channel::ChannelType& type : channel::channel_types()) entries.push_back(channel_entry(type));
  return entries;
}

std::vector<Entry> sources() {
  return {{"INTERFACE", "a live interface, or any for all of them; several are one input, in the order of time"},
          {"FILE", "a pcap, pcapng or dnstap file, plain or compressed with gzip, xz, zstd, lz4 or bzip2; by content"},
          {"FOLDER", "all captures in it, in the order of time"},
          {"-", "what a FILE can hold, on standard input"},
          {"dnstap:PATH", "dnstap: a file is read; else a Unix socket is made there, for writers to connect to"},
          {"dnstap:tcp:ADDRESS:PORT", "dnstap: listens on loopback; dnstap:tcp-open:ADDRESS:PORT on any address"},
          {"dnstap:-", "dnstap on standard input"},
          {"speedy:FILE", "length-prefixed JSON as serialize writes it; - is standard input"}};
}

/// Of monitors (and `run`), of aggregators, or of both.
std::vector<Entry> metrics() {
  std::vector<Entry> entries;
  const auto add = [&](const serve::Metric& metric, const char* of) {
    entries.push_back({metric.name, metric.help, {{"kind", metric.kind}, {"of", of}}});
  };
  const std::vector<serve::Metric> shared = serve::metrics();
  for (const serve::Metric& metric : pipeline::metrics())
    add(metric, std::ranges::find(shared, metric.name, &serve::Metric::name) == shared.end() ? "monitor" : "both");
  for (const serve::Metric& metric : hub::metrics()) add(metric, "aggregator");
  return entries;
}

/// Every way to be kept out, as the balance and /metrics name it.
std::vector<Entry> reasons() {
  std::vector<Entry> entries;
  pipeline::Books books;
  books.lacking["NAME: MEMBER"] = 0;
  for (const pipeline::Counter& counter : pipeline::counters(books))
    if (!counter.reason.empty())
      entries.push_back({std::string(counter.reason),
                         std::string(counter.help),
                         {{"counted in", fmt::format("{} {}", counter.group, counter.name)}}});
  return entries;
}

constexpr Listing listings[] = {
    {"sources", "what can be read", sources},
    {"reducers", "what can be counted", reducers},
    {"dimensions", "what count_by can count by", [] { return named(reduce::dimensions()); }},
    {"conditions", "what count_by can be limited to with `where`", [] { return named(reduce::conditions()); }},
    {"fields", "what a script in Lua sees of a message",
     [] {
       std::vector<Entry> entries;
       for (const script::FieldRow& row : script::field_rows())
         entries.push_back({std::string(row.name), std::string(row.help), {{"is", std::string(row.form)}}});
       return entries;
     }},
    {"channels", "where summaries can go", channels},
    {"processors", "what the aggregator can show", processors},
    {"metrics", "what /metrics tells", metrics},
    {"reasons", "why a frame, an octet or a message is kept out", reasons},
};

void print_text(const Listing& listing, const std::vector<Entry>& entries) {
  print("{}: {}\n", listing.what, listing.help);
  std::size_t width = 0;
  for (const Entry& entry : entries) width = std::max(width, entry.name.size());
  for (const Entry& entry : entries) {
    print("  {:<{}}  {}\n", entry.name, width, entry.help);
    for (const Fact& fact : entry.facts) print("  {:<{}}  {}: {}\n", "", width, fact.name, fact.value);
  }
}

void print_names(const Listing&, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) print("{}\n", entry.name);
}

/// As a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (character == '|') out += '\\';
    out += character == '\n' ? ' ' : character;
  }
  return out;
}

void print_markdown(const Listing& listing, const std::vector<Entry>& entries) {
  std::vector<std::string> columns;
  for (const Entry& entry : entries)
    for (const Fact& fact : entry.facts)
      if (std::ranges::find(columns, fact.name) == columns.end()) columns.push_back(fact.name);
  print("# `ratadns list {}`\n\nWritten by `scripts/reference` from the program: {}.\n\n", listing.what, listing.help);
  print("| name | what it is |");
  for (const std::string& column : columns) print(" {} |", column);
  print("\n| --- | --- |");
  for (std::size_t i = 0; i < columns.size(); ++i) print(" --- |");
  for (const Entry& entry : entries) {
    print("\n| `{}` | {} |", cell(entry.name), cell(entry.help));
    for (const std::string& column : columns) {
      const auto fact = std::ranges::find(entry.facts, column, &Fact::name);
      if (fact == entry.facts.end())
        print(" |");
      else
        print(" `{}` |", cell(fact->value));
    }
  }
  print("\n");
}

struct Format {
  const char* name;
  void (*print)(const Listing&, const std::vector<Entry>&);
};
constexpr Format formats[] = {{"text", print_text}, {"markdown", print_markdown}, {"names", print_names}};

struct Options {
  std::string what, entry, format = "text";
};

/// Only the one that was asked for. Errors: there is none of that name.
util::Result<void> pick(std::vector<Entry>& entries, const Options& options) {
  if (options.entry.empty()) return {};
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.name);
  std::erase_if(entries, [&](const Entry& entry) { return entry.name != options.entry; });
  if (!entries.empty()) return {};
  const std::string near = util::nearest(options.entry, names);
  return util::Error{fmt::format("there is no \"{}\" among the {}{}; `ratadns list {}` shows them", options.entry,
                                 options.what, near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near),
                                 options.what)};
}

int list(const Options& options) {
  const auto format = std::ranges::find(formats, options.format, &Format::name);
  bool first = true;
  for (const Listing& listing : listings) {
    if (!options.what.empty() && options.what != "all" && options.what != listing.what) continue;
    std::vector<Entry> entries = listing.entries();
    if (const auto picked = pick(entries, options); !picked) {
      complain(picked.error().message);
      return exit_usage;
    }
    if (!std::exchange(first, false)) print("\n");
    format->print(listing, entries);
  }
  return exit_done;
}

}  // namespace

void add_list(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("list", "What can be configured, and what is counted");
  auto options = std::make_shared<Options>();
  std::vector<std::string> names = {"all"}, format_names;
  for (const Listing& listing : listings) names.emplace_back(listing.what);
  for (const Format& format : formats) format_names.emplace_back(format.name);
  command->add_option("WHAT", options->what, "one of the lists (default: all)")->check(CLI::IsMember(names));
  command->add_option("ENTRY", options->entry, "only this one of the list");
  command->add_option("--format", options->format, "for people, for documents, or only the names (default: text)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember(format_names));
  command->footer("Examples:\n  ratadns list dimensions\n  ratadns list reducers count_by");
  command->callback([options, &status] {
    if (options->what == "all" && !options->entry.empty()) {
      complain(fmt::format("list all {}: name the list in which to look for it", options->entry));
      status = exit_usage;
    } else {
      status = list(*options);
    }
  });
}

}  // namespace rata::app
