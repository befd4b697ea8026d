#include "reduce/batch.h"

#include <algorithm>
#include <cassert>

namespace rata::reduce {

void Batch::assign(std::span<const Packet> packets) {
  assert(packets.size() <= max_batch_packets);
  packets_ = packets;
  complete_ = std::ranges::all_of(packets, [](const Packet& packet) { return packet.lacks.empty(); });
  all_with_question_ = std::ranges::all_of(packets, [](const Packet& packet) { return packet.message.has_question(); });
  codes_.resize(plan_->codes().size());
  keys_.resize(plan_->keys().size());
  selections_.resize(plan_->selections().size());
  has_codes_.assign(codes_.size(), false);
  has_keys_.assign(keys_.size(), false);
  has_selection_.assign(selections_.size(), false);
}

std::span<const std::uint32_t> Batch::codes(std::size_t column) {
  if (!has_codes_[column]) {
    const DimensionUse& use = plan_->codes()[column];
    use.dimension->codes(packets_, {*context_, use.argument}, codes_[column].data());
    has_codes_[column] = true;
  }
  return {codes_[column].data(), packets_.size()};
}

KeyColumn& Batch::keys(std::size_t column) {
  if (!has_keys_[column]) {
    const DimensionUse& use = plan_->keys()[column];
    keys_[column].restart();
    use.dimension->keys(packets_, {*context_, use.argument}, keys_[column]);
    has_keys_[column] = true;
  }
  return keys_[column];
}

std::span<const std::uint16_t> Batch::selection(std::size_t number) {
  Selection& selection = selections_[number];
  if (!has_selection_[number]) {
    has_selection_[number] = true;
    choose(plan_->selections()[number], selection);
  }
  return {selection.packets.data(), selection.size};
}

void Batch::choose(const Plan::Selection& what, Selection& chosen) {
  chosen.size = 0;
  const auto take = [&](std::size_t packet) {
    chosen.packets[chosen.size] = static_cast<std::uint16_t>(packet);
    const Condition* condition = what.use.condition;
    chosen.size += condition == nullptr || condition->holds(packets_[packet], *context_) != what.use.negated;
  };
  if (what.among == Plan::Selection::every_packet)
    for (std::size_t i = 0; i < packets_.size(); ++i) take(i);
  else
    for (const std::uint16_t packet : selection(what.among)) take(packet);
}

}  // namespace rata::reduce
