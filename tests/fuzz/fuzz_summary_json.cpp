#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "summary/cut.h"
#include "summary/merge.h"
#include "summary/reading.h"

namespace {

using namespace rata;

/// Written and read, it is the same line.
void check_line(const summary::Summary& summary) {
  const std::string line = summary::to_json(summary);
  if (line.find('\n') != std::string::npos) std::abort();
  const auto reread = summary::read_json(line);
  if (!reread || summary::to_json(*reread) != line) std::abort();
}

}  // namespace

/// Any octets as a record: what is read from them is written, merges with itself, and can be cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto summary = summary::read_json({reinterpret_cast<const char*>(data), size});
  if (!summary) {
    if (summary.error().message.empty()) std::abort();
    return 0;
  }
  check_line(*summary);
  static_cast<void>(summary::to_json(*summary, summary::Form::older));
  static_cast<void>(summary::octets_of(summary->data));
  static_cast<void>(summary::is_small(summary->data, 10));
  for (const auto relation : {summary::Relation::consecutive, summary::Relation::side_by_side})
    if (!summary::merge(*summary, summary::Summary(*summary), relation)) std::abort();
  static_cast<void>(summary::to_json(*summary));
  summary::cut(summary->data, 2);
  static_cast<void>(summary::to_json(*summary));
  return 0;
}
