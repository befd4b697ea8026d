#pragma once

#include <string>
#include <vector>

#include "aggregate/aggregator.h"
#include "pipeline/config.h"
#include "pipeline/monitor.h"

namespace rata::pipeline {

/// What the status object of the API is made of (docs/api.md).
struct StatusInput {
  const Config& config;
  std::string source;  ///< as the user gave it
  bool live = false;
  util::Time started, now;
  MonitorState monitor;
  std::vector<OutletState> outlets;
  util::Time watermark;  ///< of the views
  std::vector<aggregate::ServerState> servers;
  std::vector<aggregate::ViewInfo> views;
};

std::string status_json(const StatusInput& input);

}  // namespace rata::pipeline
