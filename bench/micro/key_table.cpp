// The table of names against the standard library's, on names as a TLD's server sees them: most asked once.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "reduce/key_table.h"
#include "util/hash.h"

namespace {

struct Names {
  std::vector<std::string> text;
  std::vector<std::uint64_t> hash;
};

std::span<const std::uint8_t> octets(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A million queries: half for names of a Zipf-like distribution, half for names of their own.
const Names& names() {
  static const Names made = [] {
    Names list;
    std::mt19937_64 random(1);
    for (int i = 0; i < 1'000'000; ++i) {
      const double rank = std::exp(std::uniform_real_distribution<>(0, std::log(500'000))(random));
      list.text.push_back(i % 2 == 0 ? "name" + std::to_string(static_cast<int>(rank)) + ".example"
                                     : std::to_string(random()) + ".victim.example");
      list.hash.push_back(rata::util::table_hash(octets(list.text.back())));
    }
    return list;
  }();
  return made;
}

std::unordered_map<std::string, std::uint64_t> plain_count() {
  std::unordered_map<std::string, std::uint64_t> table;
  for (const std::string& name : names().text) ++table[name];
  return table;
}

void fill(rata::reduce::KeyTable& table) {
  constexpr std::size_t step = 6;
  const Names& list = names();
  for (std::size_t i = 0; i < list.text.size() + 2 * step; ++i) {
    if (i < list.text.size()) table.prefetch(list.hash[i]);
    if (i >= step && i - step < list.text.size()) table.prefetch_key(list.hash[i - step]);
    if (i >= 2 * step) table.add(list.hash[i - 2 * step], octets(list.text[i - 2 * step]));
  }
}

void key_table(benchmark::State& state) {
  // Nothing is timed that does not count right.
  rata::reduce::KeyTable checked;
  fill(checked);
  const auto truth = plain_count();
  bool right = checked.size() == truth.size();
  checked.each([&](const auto& entry) {
    right = right && truth.at(std::string(entry.key.begin(), entry.key.end())) == entry.count;
  });
  if (!right) std::abort();
  for (auto _ : state) {
    rata::reduce::KeyTable table;
    fill(table);
    benchmark::DoNotOptimize(table.size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(names().text.size()));
}
BENCHMARK(key_table)->Unit(benchmark::kMillisecond);

void standard_table(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(plain_count().size());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(names().text.size()));
}
BENCHMARK(standard_table)->Unit(benchmark::kMillisecond);

}  // namespace
