#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/aggregator.h"

namespace rata::aggregate {

using Json = nlohmann::json;

/// An early second of packet time that is a multiple of every window length in use here.
constexpr std::int64_t day_one = 1'700'000'100;

inline summary::Summary summary_of(std::string type, std::string server, double start, double seconds,
                                   summary::Data data) {
  summary::Summary summary;
  summary.type = std::move(type);
  summary.server = std::move(server);
  summary.data = std::move(data);
  summary.window.start = {day_one * util::ns_per_second + std::llround(start * 1e9)};
  summary.window.seconds = seconds;
  return summary;
}

struct Triple {
  std::string first, second;
  std::uint64_t count;
};

inline summary::Counts counts_by(std::string first, std::string second, const std::vector<Triple>& triples,
                                 std::vector<summary::RestRow> rest = {}) {
  summary::Counts counts{{std::move(first), std::move(second)}, {}, std::move(rest)};
  for (const Triple& triple : triples) counts.rows.push_back({{triple.first, triple.second}, triple.count});
  return counts;
}

inline std::unique_ptr<Aggregator> aggregator(std::vector<std::string> types, Config config = {}) {
  for (std::string& type : types) {
    ProcessorConfig processor;
    processor.type = std::move(type);
    config.processors.push_back(std::move(processor));
  }
  auto made = Aggregator::make(config);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

constexpr unsigned default_spans[] = {1, 5, 15};

inline Scope scope_of(const std::string& server) { return server.empty() ? Scope::total() : Scope::server(server); }

/// The view of a processor as JSON text.
inline std::string view_text(Aggregator& aggregator, const std::string& processor, std::size_t span = 0,
                             const Scope& scope = {}) {
  return aggregator.json(processor, default_spans[span], scope).value_or("null");
}
inline Json view(Aggregator& aggregator, const std::string& processor, std::size_t span = 0,
                 const std::string& server = "") {
  return Json::parse(view_text(aggregator, processor, span, scope_of(server)));
}

inline std::string older_text(Aggregator& aggregator, const std::string& older) {
  return aggregator.older_json(older).value_or("null");
}
inline Json older(Aggregator& aggregator, const std::string& name) { return Json::parse(older_text(aggregator, name)); }

/// Of that name. Nothing: there is none.
inline std::optional<ViewInfo> info(const Aggregator& aggregator, const std::string& name) {
  for (ViewInfo& one : aggregator.views())
    if (one.name == name) return std::move(one);
  return std::nullopt;
}

}  // namespace rata::aggregate
