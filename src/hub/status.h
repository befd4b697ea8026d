#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aggregate/aggregator.h"
#include "hub/config.h"
#include "hub/keeper.h"
#include "hub/roster.h"
#include "serve/server.h"
#include "store/counters.h"
#include "util/time.h"

namespace rata::hub {

/// A Redis that is listened to.
struct SubscriptionState {
  std::string url;      ///< without its password
  std::string trouble;  ///< empty: it is connected
  std::uint64_t messages = 0, reconnects = 0;
};

/// How the whole stands at one moment.
struct Standing {
  util::Time started, now;
  util::Time watermark;
  std::optional<Restoring> restoring;  ///< nothing: the views are whole
  std::vector<aggregate::ViewInfo> views;
  std::vector<MonitorState> monitors;
  std::vector<MissingWindows> missing;  ///< by monitor, where there are any
  IntakeCounters intake;
  store::Counters store;
  aggregate::Aggregator::Counters aggregator;
  std::vector<SubscriptionState> subscriptions;
  std::string trouble;  ///< why nothing can be committed; empty: it can
};

/// The status object of the API (docs/api.md).
std::string status_json(const Config& config, const Standing& standing);
/// That two processes send under one name.
std::string double_text(const MonitorState& monitor);
/// For people, a line for each equation.
std::string balance_text(const Standing& standing);

}  // namespace rata::hub
