#include "store/pane.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "store/magnitude.h"
#include "store/packing.h"
#include "summary/cut.h"
#include "summary/reading.h"

namespace rata::store {

util::Time aligned(util::Time time, std::uint32_t seconds) {
  const std::int64_t length = std::int64_t{seconds} * util::ns_per_second;
  const std::int64_t beyond = time.ns % length;
  return {time.ns - beyond - (beyond < 0 ? length : 0)};
}

util::Time end_of(const summary::Window& window) {
  return {window.start.ns + std::llround(window.seconds * static_cast<double>(util::ns_per_second))};
}

namespace {

/// Two runs of a monitor may share a second: the one that ended in it says that it watched all of it, and so does the
/// one that began. Together they watched no longer than from their start to their end.
void bound_seconds(summary::Summary& merged) {
  if (auto* rates = std::get_if<summary::Rates>(&merged.data))
    for (summary::Rate& rate : rates->members) rate.seconds = std::min(rate.seconds, merged.window.seconds);
}

}  // namespace

bool add(Pane& pane, summary::Summary&& summary, summary::Relation relation, std::uint32_t span) {
  const util::Time start = aligned(summary.window.start, span);
  const std::uint64_t more = magnitude(summary);
  if (more > most_kept) return false;
  std::size_t forms = 0;
  for (summary::Summary& part : pane) {
    if (aligned(part.window.start, span) != start) continue;
    // Beyond that a sum could run over, and what cannot be read back would take all that it is merged with along.
    if (magnitude(part) > most_kept - more) return false;
    if (merge(part, std::move(summary), relation)) {
      bound_seconds(part);
      return true;
    }
    ++forms;
  }
  if (forms >= most_forms) return false;
  pane.push_back(std::move(summary));
  return true;
}

std::size_t add(Pane& pane, Pane&& more, summary::Relation relation, std::uint32_t span) {
  std::size_t lost = 0;
  for (summary::Summary& summary : more) lost += add(pane, std::move(summary), relation, span) ? 0 : 1;
  return lost;
}

std::string packed(Pane pane, std::size_t table_rows) {
  std::string lines;
  for (summary::Summary& part : pane) {
    part.id = {};
    summary::cut(part.data, table_rows);
    lines += summary::to_json(part);
    lines += '\n';
  }
  return packed(lines, Effort::more);
}

util::Result<Pane> unpacked_pane(std::string_view octets) {
  const auto lines = unpacked(octets);
  if (!lines) return lines.error();
  Pane pane;
  for (std::string_view left = *lines; !left.empty();) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    auto summary = summary::read_json(left.substr(0, end));
    if (!summary) return summary.error();
    pane.push_back(*std::move(summary));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return pane;
}

}  // namespace rata::store
