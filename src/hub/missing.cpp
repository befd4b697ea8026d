#include "hub/missing.h"

#include <map>
#include <tuple>
#include <utility>

namespace rata::hub {

util::Result<std::vector<MissingWindows>> missing_windows(store::HistoryReader& history,
                                                          const std::vector<std::string>& servers, util::Time from,
                                                          util::Time to) {
  std::map<std::tuple<std::string, std::string, std::string>, MissingWindows> by_run;
  for (const std::string& server : servers) {
    const auto gaps = history.gaps(server, from, to);
    if (!gaps) return gaps.error();
    for (const store::Gap& gap : *gaps) {
      MissingWindows& one = by_run[{server, gap.monitor, gap.boot}];
      one.windows += gap.windows;
      one.stretches += gap.windows == 0 && gap.to > gap.from;
    }
  }
  std::vector<MissingWindows> missing;
  for (auto& [run, one] : by_run) {
    std::tie(one.server, one.monitor, one.boot) = run;
    if (one.windows + one.stretches > 0) missing.push_back(std::move(one));
  }
  return missing;
}

}  // namespace rata::hub
