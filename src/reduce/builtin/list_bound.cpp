#include "reduce/builtin/list_bound.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace rata::reduce {

util::Result<ListBound> ListBound::make(const ReducerConfig& config, Surroundings& around) {
  // Entries of a window when the configuration names no limit: some hundred octets each.
  constexpr std::uint64_t default_limit = 200'000;
  if (config.limit.size() > 1)
    return util::Error{
        fmt::format("reducer {}: limit is one number here: the entries of a window", config.shown_name())};
  const std::uint64_t limit = config.limit.empty() || config.limit[0] == 0 ? default_limit : config.limit[0];
  return ListBound(std::max<std::size_t>(1, limit / around.context.shards), around.budget);
}

bool ListBound::take_in(std::size_t octets) {
  if (entries_ >= limit_ || !has_room(octets)) {
    ++left_out_;
    return false;
  }
  ++entries_;
  octets_ += octets;
  if (budget_ != nullptr) budget_->charge_list(octets);
  return true;
}

bool ListBound::has_room(std::size_t octets) {
  if (budget_ == nullptr) return true;
  if (seen_settled_ != budget_->times_settled()) {
    seen_settled_ = budget_->times_settled();
    octets_settled_ = octets_;
    budget_->list_grows();
  }
  return octets <= budget_->allowance() && octets_ <= octets_settled_ + (budget_->allowance() - octets);
}

void ListBound::let_go(std::size_t octets) {
  --entries_;
  octets_ -= octets;
  if (budget_ != nullptr) budget_->release_list(octets);
}

void ListBound::clear() {
  if (budget_ != nullptr) budget_->release_list(octets_);
  entries_ = octets_ = octets_settled_ = 0;
}

void sort_by_arrival(std::vector<summary::Record>& records, std::size_t inputs) {
  using summary::Record;
  if (inputs == 1)
    std::ranges::stable_sort(records, {}, &Record::ordinal);
  else
    std::ranges::stable_sort(records, {}, [](const Record& record) { return std::tie(record.time, record.ordinal); });
}

}  // namespace rata::reduce
