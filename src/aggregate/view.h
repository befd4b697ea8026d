#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "util/time.h"

namespace rata::aggregate {

/// What a processor has to show, rendered once for all who look. Immutable and shared.
struct View {
  /// One configured span, once for every `server` that can be asked for.
  struct Span {
    unsigned minutes = 0;
    /// JSON object by server name; "" holds all servers together. docs/api.md describes the members.
    std::map<std::string, std::string> json_by_server;
    /// What the event stream sends instead, where that is shorter; empty: the same.
    std::map<std::string, std::string> live_json_by_server;
  };

  std::string processor;       ///< its name in URLs: "rates", "top_types", "top_clients", "top_names"
  std::uint64_t revision = 0;  ///< grows with every change
  util::Time updated;          ///< packet time: the end of the newest window in it
  std::vector<Span> spans;
  /// The older aggregator's events (a JSON list, one element per span) by its processor name: "server_data_v2", ...
  std::map<std::string, std::string> older_json;
};

/// All processors' views of one moment, by processor name.
using Board = std::map<std::string, std::shared_ptr<const View>>;

}  // namespace rata::aggregate
