#pragma once

#include <string>
#include <vector>

#include "aggregate/aggregator.h"
#include "pipeline/books.h"
#include "serve/server.h"

namespace rata::pipeline {

/// What /metrics may show, in Prometheus' words.
struct Metric {
  std::string name;  ///< "ratadns_frames_in_total"
  std::string kind;  ///< "counter", "gauge"
  std::string help;
};

/// Every one that /metrics knows, in its order. A family by reason is one of them.
std::vector<Metric> metrics();

/// Prometheus text format, every figure, zero or not.
std::string metrics_text(const Books& books);
std::string metrics_text(const serve::Server::Counters& http);
std::string metrics_text(const aggregate::Aggregator::Counters& aggregator);

}  // namespace rata::pipeline
