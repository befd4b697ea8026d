#include "hub/missing.h"

#include <map>
#include <tuple>

namespace rata::hub {

util::Result<std::vector<MissingWindows>> missing_windows(store::HistoryReader& history,
                                                          const std::vector<std::string>& servers, util::Time from,
                                                          util::Time to) {
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> by_run;
  for (const std::string& server : servers) {
    const auto gaps = history.gaps(server, from, to);
    if (!gaps) return gaps.error();
    for (const store::Gap& gap : *gaps)
      if (gap.windows > 0) by_run[{server, gap.monitor, gap.boot}] += gap.windows;
  }
  std::vector<MissingWindows> missing;
  for (const auto& [run, windows] : by_run)
    missing.push_back({std::get<0>(run), std::get<1>(run), std::get<2>(run), windows});
  return missing;
}

}  // namespace rata::hub
