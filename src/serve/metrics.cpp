#include "serve/metrics.h"

namespace rata::serve {
namespace {

using Http = Server::Counters;
constexpr MetricRow<Http> http_rows[] = {
    {"http_requests", "HTTP requests answered", &Http::requests},
    {"http_refused", "HTTP connections and requests refused", &Http::refused},
    {"http_unauthorised", "HTTP requests without the right token or certificate", &Http::unauthorised},
    {"http_handshakes_failed", "TLS handshakes that failed", &Http::handshakes_failed},
    {"http_connections", "HTTP connections open now", &Http::connections, true},
    {"http_deliveries", "batches of summaries handed on", &Http::deliveries},
    {"http_deliveries_refused", "batches put off, as too many waited", &Http::deliveries_refused},
    {"sse_streams", "event streams begun", &Http::streams},
    {"sse_events_sent", "events sent to listeners", &Http::events_sent},
    {"sse_events_dropped", "events that a slow listener did not get", &Http::events_dropped},
};

/// In seconds since 1970, as Prometheus' `time()`.
Metric certificate_metric() {
  return {"ratadns_tls_certificate_expiry_timestamp_seconds", "gauge",
          "when the certificate of [serve] expires, in seconds since 1970; no value without TLS"};
}

using Aggregated = aggregate::Aggregator::Counters;
constexpr MetricRow<Aggregated> aggregator_rows[] = {
    {"aggregator_summaries", "summaries that came in", &Aggregated::summaries},
    {"aggregator_ignored", "summaries that no processor reads", &Aggregated::ignored},
    {"aggregator_too_old", "summaries older than the largest span", &Aggregated::too_old},
    {"aggregator_ahead", "summaries that ended in the future: in the history, not in the views", &Aggregated::ahead},
    {"aggregator_refused", "summaries of another shape, or of one server too many", &Aggregated::refused},
    {"aggregator_repeated", "summaries that were there already", &Aggregated::repeated},
    {"aggregator_cut_cells", "counters summed up as other", &Aggregated::cut_cells},
};

}  // namespace

std::string metric_head(const Metric& metric) {
  return fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", metric.name, metric.kind, metric.help);
}

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

std::vector<Metric> metrics() {
  std::vector<Metric> all;
  for (const auto& row : http_rows) all.push_back(metric_of(row));
  all.push_back(certificate_metric());
  for (const auto& row : aggregator_rows) all.push_back(metric_of(row));
  return all;
}

std::string metrics_text(const Server::Counters& http) {
  std::string text = metric_rows_text<Http>(http_rows, http) + metric_head(certificate_metric());
  if (http.certificate_until) text += fmt::format("{} {}\n", certificate_metric().name, *http.certificate_until);
  return text;
}

std::string metrics_text(const aggregate::Aggregator::Counters& aggregator) {
  return metric_rows_text<Aggregated>(aggregator_rows, aggregator);
}

}  // namespace rata::serve
