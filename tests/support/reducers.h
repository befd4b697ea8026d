#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "reduce/reducer.h"

namespace rata::tests {

/// Instances of one reducer, one a shard, in the surroundings that Windows gives them.
class Shards {
 public:
  explicit Shards(reduce::ReducerConfig config, std::size_t shards = 1, const reduce::Context& context = {})
      : context_(context) {
    context_.shards = shards;
    reduce::Surroundings around{context_, plan_};
    for (std::size_t i = 0; i < shards; ++i) {
      auto made = reduce::make_reducer(config, around);
      EXPECT_TRUE(made) << made.error().message;
      reducers_.push_back(std::move(*made));
    }
    batch_ = std::make_unique<reduce::Batch>(plan_, context_);
  }

  void add(std::size_t shard, std::span<const reduce::Packet> packets) {
    for (; !packets.empty(); packets = packets.subspan(batch_->size())) {
      batch_->assign(packets.first(std::min(packets.size(), reduce::max_batch_packets)));
      reducers_[shard]->add(*batch_);
    }
  }

  /// The packets one by one, in turn to each shard.
  void deal(std::span<const reduce::Packet> packets) {
    for (std::size_t i = 0; i < packets.size(); ++i) add(i % reducers_.size(), packets.subspan(i, 1));
  }

  summary::Data take(double seconds = 1) {
    for (std::size_t i = 1; i < reducers_.size(); ++i) reducers_[0]->absorb(*reducers_[i]);
    return reducers_[0]->take(seconds);
  }

  reduce::Reducer& operator[](std::size_t shard) { return *reducers_[shard]; }

 private:
  reduce::Context context_;
  reduce::Plan plan_;
  std::vector<std::unique_ptr<reduce::Reducer>> reducers_;
  std::unique_ptr<reduce::Batch> batch_;
};

}  // namespace rata::tests
