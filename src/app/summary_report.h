#pragma once

#include <string>
#include <vector>

#include "app/capture_reader.h"
#include "pipeline/books.h"
#include "reduce/report.h"

namespace rata::app {

/// All that `ratadns summary` shows.
struct CaptureSummary {
  std::vector<std::string> files;
  CaptureFacts facts;
  reduce::ReportScope scope = reduce::ReportScope::all;
  reduce::WholeReport report;
  pipeline::Books books;
  std::optional<util::Time> from, to;  ///< what part of the files was asked for
};

/// One JSON object for programs; docs/commands.md lists its members.
std::string summary_json(const CaptureSummary& summary);

/// A report for people.
std::string summary_text(const CaptureSummary& summary);

}  // namespace rata::app
