// Views are kept up to date window by window. Here they are also computed from scratch, and must be the same.

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "sample.h"

namespace rata::aggregate {
namespace {

using summary::Counts;
using summary::Summary;

struct Counted {
  std::uint64_t queries = 0;
  std::uint64_t rest_parts = 0;
  std::map<std::string, std::uint64_t> parts;
};

struct Scratch {
  std::uint64_t total = 0;
  std::uint64_t rest_keys = 0;
  std::map<std::string, Counted> keys;

  void add(const Counts& counts) {
    for (const auto& row : counts.rows) {
      total += row.count;
      auto& key = keys[std::string(row.keys[0])];
      key.queries += row.count;
      key.parts[std::string(row.keys[1])] += row.count;
    }
    for (const auto& rest : counts.rest) {
      total += rest.count;
      if (rest.prefix.empty()) {
        rest_keys += rest.keys;
      } else {
        auto& key = keys[std::string(rest.prefix[0])];
        key.queries += rest.count;
        key.rest_parts += rest.keys;
      }
    }
  }
};

util::Time end_of(const Summary& summary) {
  return {summary.window.start.ns + std::llround(summary.window.seconds * 1e9)};
}

/// All that was delivered, and what the views must say about it.
class Everything {
 public:
  void add(Summary summary) {
    watermark_ = std::max(watermark_, end_of(summary));
    all_.push_back(std::move(summary));
  }

  Scratch scratch(unsigned minutes, const std::string& server) const {
    Scratch scratch;
    for (const Summary& summary : all_)
      if (in_view(summary, minutes, server)) scratch.add(std::get<Counts>(summary.data));
    return scratch;
  }

  Json view(unsigned minutes, const std::string& server) const {
    const Scratch scratch = this->scratch(minutes, server);
    Json rows = Json::array();
    std::uint64_t shown = 0;
    const auto largest = cut(queries_by_key(scratch.keys), 20);
    for (const auto& [key, queries] : largest) {
      rows.push_back(row(key, scratch.keys.at(key), scratch.total));
      shown += queries;
    }
    const std::uint64_t distinct = scratch.keys.size() + scratch.rest_keys;
    return {{"processor", "top_names"},
            {"kind", "table"},
            {"span_minutes", minutes},
            {"server", server},
            {"from", util::text(begins(minutes, server))},
            {"to", util::text(watermark_)},
            {"key", "qname"},
            {"part", "client"},
            {"total", scratch.total},
            {"distinct", distinct},
            {"distinct_is_bound", scratch.rest_keys > 0},
            {"rows", rows},
            {"rest", {{"keys", distinct - rows.size()}, {"queries", scratch.total - shown}}}};
  }

 private:
  using Pairs = std::vector<std::pair<std::string, std::uint64_t>>;

  bool in_view(const Summary& summary, unsigned minutes, const std::string& server) const {
    const bool is_young = end_of(summary).ns > watermark_.ns - minutes * 60 * util::ns_per_second;
    return is_young && (server.empty() || summary.server == server);
  }

  /// A window that lies across the begin of the span is in it whole.
  util::Time begins(unsigned minutes, const std::string& server) const {
    util::Time earliest{watermark_.ns - minutes * 60 * util::ns_per_second};
    for (const Summary& summary : all_)
      if (in_view(summary, minutes, server)) earliest = std::min(earliest, summary.window.start);
    return earliest;
  }

  static Pairs queries_by_key(const std::map<std::string, Counted>& keys) {
    Pairs pairs;
    for (const auto& [key, counted] : keys) pairs.emplace_back(key, counted.queries);
    return pairs;
  }

  static Pairs cut(Pairs pairs, std::size_t limit) {
    std::ranges::stable_sort(pairs, std::greater{}, [](const auto& pair) { return pair.second; });
    if (pairs.size() > limit) pairs.resize(limit);
    return pairs;
  }

  static Json row(const std::string& key, const Counted& counted, std::uint64_t total) {
    Json parts = Json::array();
    std::uint64_t shown = 0;
    for (const auto& [part, queries] : cut({counted.parts.begin(), counted.parts.end()}, 5)) {
      parts.push_back({{"key", part}, {"queries", queries}});
      shown += queries;
    }
    const double share = 100.0 * static_cast<double>(counted.queries) / static_cast<double>(total);
    return {
        {"key", key},
        {"queries", counted.queries},
        {"share", std::round(share * 1e4) / 1e4},
        {"parts", parts},
        {"parts_rest",
         {{"keys", counted.parts.size() + counted.rest_parts - parts.size()}, {"queries", counted.queries - shown}}}};
  }

  std::vector<Summary> all_;
  util::Time watermark_;
};

/// Servers with clocks and window lengths of their own, gaps, and windows that overtake each other.
class Traffic {
 public:
  explicit Traffic(unsigned seed) : random_(seed) {}

  Summary next() {
    if (waiting_.size() < 5) make();
    const std::size_t which = random_() % 3 ? 0 : random_() % waiting_.size();
    Summary summary = std::move(waiting_[which]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(which));
    return summary;
  }

 private:
  void make() {
    for (Server& server : servers_) {
      if (random_() % 40 == 0) server.clock += static_cast<double>(random_() % 900);
      const int windows = static_cast<int>(random_() % 4);
      for (int i = 0; i < windows; ++i) {
        const double seconds = server.seconds > 0 ? server.seconds : static_cast<double>(1 + random_() % 300) / 7;
        waiting_.push_back(summary_of("client_by_qname", server.name, server.clock, seconds, data()));
        server.clock += seconds;
      }
    }
    if (waiting_.empty()) make();
  }

  Counts data() {
    std::map<std::pair<std::string, std::string>, std::uint64_t> cells;
    const auto queries = random_() % 40;
    for (unsigned i = 0; i < queries; ++i) {
      const auto name = random_() % 3 ? random_() % 30 : random_() % 3000;  // some are popular
      ++cells[{"n" + std::to_string(name) + ".example.", "192.0.2." + std::to_string(random_() % 20)}];
    }
    Counts counts{{"qname", "client"}, {}, {}};
    for (const auto& [keys, count] : cells) counts.rows.push_back({{keys.first, keys.second}, count});
    if (random_() % 4 == 0) counts.rest.push_back({{}, 1 + random_() % 9, 1 + random_() % 9});
    if (random_() % 4 == 0) counts.rest.push_back({{"n1.example."}, 1 + random_() % 9, 1 + random_() % 9});
    if (random_() % 4 == 0) counts.rest.push_back({{"only-a-rest.example."}, 2, 3});
    return counts;
  }

  struct Server {
    std::string name;
    double clock = 0;
    double seconds = 0;  ///< of its windows; 0: all different
  };

  std::mt19937 random_;
  std::vector<Server> servers_{{"ns1", 0, 1}, {"ns2", -20, 10}, {"ns3", -3, 0}};
  std::vector<Summary> waiting_;
};

/// All servers together, as "", and each.
std::vector<std::string> scopes(const Aggregator& aggregator) {
  std::vector<std::string> names = {""};
  for (const ServerState& server : aggregator.servers()) names.push_back(server.name);
  return names;
}

TEST(Recomputation, EverySpanOfEveryServerIsWhatAllItsWindowsAddUpTo) {
  for (const unsigned seed : {1u, 2u, 3u}) {
    const auto incremental = aggregator({"top_names"});
    Everything everything;
    Traffic traffic(seed);
    for (int i = 0; i < 1500; ++i) {
      Summary summary = traffic.next();
      incremental->add(summary);
      everything.add(std::move(summary));
      if (i % 50 != 0) continue;
      for (std::size_t span = 0; span < std::size(default_spans); ++span)
        for (const std::string& server : scopes(*incremental))
          ASSERT_EQ(view(*incremental, "top_names", span, server), everything.view(default_spans[span], server))
              << server << " window " << i;
    }
  }
}

TEST(Recomputation, TotalsStayExactWhenCountersAreGivenUp) {
  Config config;
  config.cells = 300;
  const auto incremental = aggregator({"top_names"}, config);
  Everything everything;
  Traffic traffic(4);
  for (int i = 0; i < 1500; ++i) {
    Summary summary = traffic.next();
    incremental->add(summary);
    everything.add(std::move(summary));
    if (i % 30 == 0) incremental->tidy(std::chrono::milliseconds(1));
    if (i % 20 != 0) continue;
    for (std::size_t span = 0; span < std::size(default_spans); ++span)
      for (const std::string& server : scopes(*incremental)) {
        const Json shown = view(*incremental, "top_names", span, server);
        const Scratch scratch = everything.scratch(default_spans[span], server);
        ASSERT_EQ(shown["total"], scratch.total);
        std::uint64_t sum = shown["rest"]["queries"];
        for (const Json& row : shown["rows"]) {
          sum += row["queries"].get<std::uint64_t>();
          ASSERT_LE(row["queries"], scratch.keys.at(row["key"]).queries);
        }
        ASSERT_EQ(sum, scratch.total);
      }
  }
  EXPECT_GT(incremental->counters().cut_cells, 0u);
}

}  // namespace
}  // namespace rata::aggregate
