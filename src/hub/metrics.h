#pragma once

#include <string>
#include <vector>

#include "hub/status.h"
#include "serve/metrics.h"

namespace rata::hub {

/// What an aggregator's /metrics may show beside serve::metrics().
std::vector<serve::Metric> metrics();
/// Prometheus text of them, and of the aggregator's views.
std::string metrics_text(const Standing& standing);

}  // namespace rata::hub
