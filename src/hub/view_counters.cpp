#include "hub/view_counters.h"

namespace rata::hub {

ViewCounters::Counters ViewCounters::of(const Counters& shown) const {
  Counters told = told_;
  using Figure = std::uint64_t Counters::*;
  static_assert(sizeof(Counters) == 7 * sizeof(std::uint64_t), "each of them is below");
  for (const Figure figure : {&Counters::summaries, &Counters::ignored, &Counters::too_old, &Counters::ahead,
                              &Counters::refused, &Counters::repeated, &Counters::cut_cells})
    told.*figure += shown.*figure - began_.*figure;
  return told;
}

void ViewCounters::replace(const Counters& shown, const Counters& next) {
  told_ = of(shown);
  began_ = next;
}

}  // namespace rata::hub
