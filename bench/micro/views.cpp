// What a summary of a table costs the views of an aggregator: for its server, its group and the total, and what leaves
// the spans meanwhile. Names as a TLD's servers see them: half of them asked once, the others at all servers.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/aggregator.h"
#include "summary/summary.h"
#include "util/time.h"

namespace {

using namespace rata;

constexpr int queries_a_window = 300, windows_in_advance = 2000, servers_a_group = 20;

/// A window of one second of some server; which server and when is said later.
summary::Counts window(std::mt19937_64& random) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> cells;
  for (int i = 0; i < queries_a_window; ++i) {
    const double rank = std::exp(std::uniform_real_distribution<>(0, std::log(20'000))(random));
    const std::string name = i % 2 == 0 ? "name" + std::to_string(static_cast<int>(rank)) + ".example."
                                        : std::to_string(random()) + ".victim.example.";
    ++cells[{name, "2001:db8::" + std::to_string(random() % 2000)}];
  }
  summary::Counts counts{{"qname", "client"}, {}, {}};
  for (const auto& [keys, count] : cells) counts.rows.push_back({{keys.first, keys.second}, count});
  return counts;
}

std::unique_ptr<aggregate::Aggregator> views_of(int servers) {
  aggregate::Config config;
  config.cells = 50'000;  // as `ratadns aggregate` has it
  config.processors = {{.type = "top_names"}};
  for (int server = 0; server < servers; ++server) {
    if (server % servers_a_group == 0) config.groups.push_back({"group-" + std::to_string(server), {}});
    config.groups.back().servers.push_back("ns" + std::to_string(server));
  }
  return std::move(*aggregate::Aggregator::make(config));
}

/// With so many servers, from when the limits are reached.
void views(benchmark::State& state) {
  const int servers = static_cast<int>(state.range(0));
  std::mt19937_64 random(1);
  std::vector<summary::Summary> windows(windows_in_advance);
  for (summary::Summary& one : windows) {
    one.type = "client_by_qname";
    one.data = window(random);
    one.window.seconds = 1;
  }
  const auto aggregator = views_of(servers);
  std::int64_t added = 0;
  const auto add_next = [&] {
    summary::Summary& next = windows[random() % windows.size()];
    next.server = "ns" + std::to_string(added % servers);
    next.window.start = util::from_seconds(1'700'000'000 + added / servers);
    aggregator->add(next);
    ++added;
  };
  while (added < std::int64_t{servers} * 120) add_next();
  for (auto _ : state) add_next();
  const auto counters = aggregator->counters();
  if (counters.summaries != static_cast<std::uint64_t>(added) || counters.refused + counters.ignored > 0) std::abort();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(views)->Arg(1)->Arg(20)->Arg(200)->Unit(benchmark::kMicrosecond);

}  // namespace
