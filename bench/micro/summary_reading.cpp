// A record as an aggregator gets it: read from its line, and written to one.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "summary/reading.h"

namespace {

using namespace rata::summary;

/// Counters by two dimensions, with as many rows as asked for.
std::string record(std::int64_t rows) {
  Counts counts{.by = {"qtype", "qname"}, .rows = {}, .rest = {}};
  constexpr std::int64_t types = 10;
  for (std::int64_t type = 0; type < types; ++type) {
    const std::string qtype = std::to_string(type);
    for (std::int64_t row = 0; row < rows / types; ++row)
      counts.rows.push_back({{qtype, "name" + std::to_string(100'000 + row) + ".example."}, 12});
    counts.rest.push_back({{qtype}, 40, 60, 3});
  }
  return to_json({.type = "QtypeVSQname", .server = "ns1", .monitor = "ns1-a", .data = std::move(counts)});
}

void read_counts(benchmark::State& state) {
  const std::string line = record(state.range(0));
  for ([[maybe_unused]] auto _ : state) {
    auto summary = read_json(line);
    if (!summary) std::abort();
    benchmark::DoNotOptimize(summary);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.size()));
}

void write_counts(benchmark::State& state) {
  const std::string line = record(state.range(0));
  const Summary summary = *read_json(line);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(to_json(summary));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.size()));
}

BENCHMARK(read_counts)->Arg(100)->Arg(1000)->Arg(100'000);
BENCHMARK(write_counts)->Arg(1000);

}  // namespace
