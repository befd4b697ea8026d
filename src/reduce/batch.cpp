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
    const Plan::Column& what = plan_->codes()[column];
    what.use.dimension->codes(among(what), {*context_, what.use.argument}, codes_[column].data());
    has_codes_[column] = true;
  }
  return {codes_[column].data(), packets_.size()};
}

KeyColumn& Batch::keys(std::size_t column) {
  if (!has_keys_[column]) {
    const Plan::Column& what = plan_->keys()[column];
    keys_[column].restart();
    what.use.dimension->keys(among(what), {*context_, what.use.argument}, keys_[column]);
    has_keys_[column] = true;
  }
  return keys_[column];
}

/// The packets that a column is made for: all of them where one lacks something, since a selection may not be asked for
/// then.
ChosenPackets Batch::among(const Plan::Column& column) {
  const bool choose = column.among != Plan::Selection::every_packet && complete_ && all_with_question_;
  return {packets_, choose ? selection(column.among) : every_packet()};
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
  const auto among = what.among == Plan::Selection::every_packet ? every_packet() : selection(what.among);
  if (what.use.condition != nullptr) {
    chosen.size = what.use.condition->choose({packets_, among}, what.use.negated, chosen.packets.data());
  } else {
    std::ranges::copy(among, chosen.packets.begin());
    chosen.size = among.size();
  }
}

std::span<const std::uint16_t> Batch::every_packet() const {
  static constexpr auto places = [] {
    std::array<std::uint16_t, max_batch_packets> made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<std::uint16_t>(i);
    return made;
  }();
  return std::span(places).first(packets_.size());
}

}  // namespace rata::reduce
