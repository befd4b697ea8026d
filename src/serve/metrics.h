#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregate/aggregator.h"
#include "serve/server.h"

namespace rata::serve {

/// What /metrics may show, in Prometheus' words.
struct Metric {
  std::string name;  ///< "ratadns_http_requests_total"
  std::string kind;  ///< "counter", "gauge"
  std::string help;
};

/// A figure, by its place in its owner's counters.
template <typename Counters>
struct MetricRow {
  std::string_view name, help;
  std::uint64_t Counters::* value;
  bool gauge = false;
};

/// The lines before a metric's values.
std::string metric_head(const Metric& metric);
/// A label's value: a name may be any text.
std::string label_text(std::string_view text);

template <typename Counters>
Metric metric_of(const MetricRow<Counters>& row) {
  return {fmt::format("ratadns_{}{}", row.name, row.gauge ? "" : "_total"), row.gauge ? "gauge" : "counter",
          std::string(row.help)};
}

template <typename Counters>
std::string metric_rows_text(std::span<const MetricRow<Counters>> rows, const Counters& counters) {
  std::string text;
  for (const MetricRow<Counters>& row : rows) {
    const Metric metric = metric_of(row);
    text += metric_head(metric) + fmt::format("{} {}\n", metric.name, counters.*row.value);
  }
  return text;
}

/// What a server and an aggregator have to say of themselves.
std::vector<Metric> metrics();
std::string metrics_text(const Server::Counters& http);
std::string metrics_text(const aggregate::Aggregator::Counters& aggregator);

}  // namespace rata::serve
