#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "aggregate/processor.h"
#include "app/options.h"
#include "channel/channel.h"
#include "reduce/dimension.h"
#include "reduce/reducer.h"

namespace rata::app {
namespace {

struct Row {
  std::string name, help;
};

struct Listing {
  const char* what;
  const char* help;
  std::vector<Row> (*rows)();
};

std::vector<Row> reducers() {
  std::vector<Row> rows;
  for (const reduce::ReducerType* type : reduce::reducer_types()) {
    rows.push_back({std::string(type->name), std::string(type->help)});
    rows.push_back({"", fmt::format("data: {}", type->rows)});
    if (!type->options.empty()) rows.push_back({"", fmt::format("options: {}", type->options)});
  }
  return rows;
}

std::vector<Row> named(auto items) {
  std::vector<Row> rows;
  for (const auto& item : items) rows.push_back({std::string(item.name), std::string(item.help)});
  return rows;
}

std::vector<Row> processors() {
  std::vector<Row> rows;
  for (const aggregate::ProcessorType* type : aggregate::processor_types())
    rows.push_back({std::string(type->name), std::string(type->help)});
  return rows;
}

std::vector<Row> channels() {
  std::vector<Row> rows;
  for (const channel::ChannelType& type : channel::channel_types())
    rows.push_back({std::string(type.scheme), std::string(type.help)});
  return rows;
}

std::vector<Row> sources() {
  return {{"INTERFACE", "a live interface, through libpcap"},
          {"FILE", "a pcap, pcapng or dnstap file, plain or compressed with gzip, xz, zstd, lz4 or bzip2; by content"},
          {"FOLDER", "all captures in it, in the order of time"},
          {"-", "what a FILE can hold, on standard input"},
          {"dnstap:PATH", "dnstap: a file is read; else a Unix socket is made there, for writers to connect to"},
          {"dnstap:tcp:ADDRESS:PORT", "dnstap: listens on loopback; dnstap:tcp-open:ADDRESS:PORT on any address"},
          {"dnstap:-", "dnstap on standard input"},
          {"speedy:FILE", "length-prefixed JSON as serialize writes it; - is standard input"}};
}

const Listing listings[] = {
    {"sources", "what can be read", sources},
    {"reducers", "what can be counted", reducers},
    {"dimensions", "what count_by can count by", [] { return named(reduce::dimensions()); }},
    {"conditions", "what count_by can be limited to with `where`", [] { return named(reduce::conditions()); }},
    {"channels", "where summaries can go", channels},
    {"processors", "what the aggregator can show", processors},
};

void print(const Listing& listing) {
  fmt::print("{}: {}\n", listing.what, listing.help);
  const std::vector<Row> rows = listing.rows();
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  for (const Row& row : rows) fmt::print("  {:<{}}  {}\n", row.name, width, row.help);
}

}  // namespace

void add_list(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("list", "What can be configured");
  auto what = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const Listing& listing : listings) names.emplace_back(listing.what);
  command->add_option("WHAT", *what, "one of the lists (default: all)")->check(CLI::IsMember(names));
  command->callback([what, &status] {
    bool first = true;
    for (const Listing& listing : listings) {
      if (!what->empty() && *what != listing.what) continue;
      if (!std::exchange(first, false)) fmt::print("\n");
      print(listing);
    }
    status = exit_done;
  });
}

}  // namespace rata::app
