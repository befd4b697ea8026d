#include "pipeline/metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace rata::pipeline {
namespace {

/// A figure outside the books, by its place in its owner's counters.
template <typename Counters>
struct Row {
  std::string_view name, help;
  std::uint64_t Counters::* value;
  bool gauge = false;
};

using Http = serve::Server::Counters;
constexpr Row<Http> http_rows[] = {
    {"http_requests", "HTTP requests answered", &Http::requests},
    {"http_refused", "HTTP connections and requests refused", &Http::refused},
    {"http_connections", "HTTP connections open now", &Http::connections, true},
    {"sse_streams", "event streams begun", &Http::streams},
    {"sse_events_sent", "events sent to listeners", &Http::events_sent},
    {"sse_events_dropped", "events that a slow listener did not get", &Http::events_dropped},
};

using Aggregated = aggregate::Aggregator::Counters;
constexpr Row<Aggregated> aggregator_rows[] = {
    {"aggregator_summaries", "summaries that came in", &Aggregated::summaries},
    {"aggregator_ignored", "summaries that no processor reads", &Aggregated::ignored},
    {"aggregator_too_old", "summaries older than the largest span", &Aggregated::too_old},
    {"aggregator_refused", "summaries of another shape, or of one server too many", &Aggregated::refused},
    {"aggregator_repeated", "summaries that were there already", &Aggregated::repeated},
    {"aggregator_cut_cells", "counters summed up as other", &Aggregated::cut_cells},
};

/// As a label's value of Prometheus: a reducer's name may be any text.
std::string label_text(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    if (character == '"' || character == '\\') escaped += '\\';
    if (character == '\n')
      escaped += "\\n";
    else
      escaped += character;
  }
  return escaped;
}

Metric metric_of(const Counter& counter) {
  if (!counter.reason.empty())
    return {fmt::format("ratadns_{}_{}_by_reason_total", counter.group, counter.name), "counter",
            fmt::format("{} {}, by reason", counter.group, counter.name)};
  const bool gauge = counter.name == "waiting";
  return {fmt::format("ratadns_{}_{}{}", counter.group, counter.name, gauge ? "" : "_total"),
          gauge ? "gauge" : "counter", std::string(counter.help)};
}

template <typename Counters>
Metric metric_of(const Row<Counters>& row) {
  return {fmt::format("ratadns_{}{}", row.name, row.gauge ? "" : "_total"), row.gauge ? "gauge" : "counter",
          std::string(row.help)};
}

std::string head(const Metric& metric) {
  return fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", metric.name, metric.kind, metric.help);
}

template <typename Counters, std::size_t count>
std::string rows_text(const Row<Counters> (&rows)[count], const Counters& counters) {
  std::string text;
  for (const Row<Counters>& row : rows) {
    const Metric metric = metric_of(row);
    text += head(metric) + fmt::format("{} {}\n", metric.name, counters.*row.value);
  }
  return text;
}

}  // namespace

std::vector<Metric> metrics() {
  std::vector<Metric> all;
  Books books;
  books.lacking["reducer: member"] = 0;  // the one family without rows when nothing was counted
  for (const Counter& counter : counters(books)) {
    Metric metric = metric_of(counter);
    const auto same = [&](const Metric& known) { return known.name == metric.name; };
    if (std::ranges::none_of(all, same)) all.push_back(std::move(metric));
  }
  for (const auto& row : http_rows) all.push_back(metric_of(row));
  for (const auto& row : aggregator_rows) all.push_back(metric_of(row));
  return all;
}

std::string metrics_text(const Books& books) {
  std::string text;
  for (const Counter& counter : counters(books)) {
    const Metric metric = metric_of(counter);
    // The rows of one family stand together: its head comes before the first.
    if (text.find("# TYPE " + metric.name + " ") == std::string::npos) text += head(metric);
    if (counter.reason.empty())
      text += fmt::format("{} {}\n", metric.name, counter.value);
    else
      text += fmt::format("{}{{reason=\"{}\"}} {}\n", metric.name, label_text(counter.reason), counter.value);
  }
  return text;
}

std::string metrics_text(const Http& http) { return rows_text(http_rows, http); }

std::string metrics_text(const Aggregated& aggregator) { return rows_text(aggregator_rows, aggregator); }

}  // namespace rata::pipeline
