#pragma once

#include <string>
#include <vector>

#include "pipeline/books.h"
#include "pipeline/outlets.h"
#include "serve/metrics.h"

namespace rata::pipeline {

/// Every metric that /metrics of a monitor knows, in its order. A family by reason is one of them.
std::vector<serve::Metric> metrics();

/// Prometheus text format, every figure, zero or not.
std::string metrics_text(const Books& books);
/// How the channels are, each by its name.
std::string metrics_text(const std::vector<OutletState>& outlets);

}  // namespace rata::pipeline
