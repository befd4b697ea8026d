#include "channel/batch.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rata::channel {
namespace {

bool is_set(const std::vector<bool>& flags, std::size_t place) { return place < flags.size() && flags[place]; }

}  // namespace

void Batch::add(summary::Summary summary, std::uint64_t record) {
  summaries.push_back(std::move(summary));
  records.push_back(record);
}

bool Batch::kept() const { return std::ranges::find(records, std::uint64_t{0}) == records.end(); }

std::vector<std::uint64_t> Batch::distinct_records() const {
  std::vector<std::uint64_t> distinct = records;
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (!distinct.empty() && distinct.front() == 0) distinct.erase(distinct.begin());
  return distinct;
}

Settled settle(Batch& batch, const Attempt& attempt) {
  const std::vector<std::uint64_t> before = batch.distinct_records();
  const bool all_out = attempt.state == Attempt::State::sent;
  Settled settled;
  std::size_t left = 0;
  for (std::size_t i = 0; i < batch.summaries.size(); ++i) {
    if (is_set(attempt.refused, i)) {
      ++settled.refused;
    } else if (all_out || is_set(attempt.out, i)) {
      ++settled.sent;
    } else {
      if (left != i) batch.summaries[left] = std::move(batch.summaries[i]);
      batch.records[left++] = batch.records[i];
    }
  }
  batch.summaries.resize(left);
  batch.records.resize(left);
  std::ranges::set_difference(before, batch.distinct_records(), std::back_inserter(settled.records));
  return settled;
}

}  // namespace rata::channel
