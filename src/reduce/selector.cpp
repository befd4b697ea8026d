#include "reduce/selector.h"

#include <algorithm>
#include <utility>

namespace rata::reduce {
namespace {

/// True, and counted, when `packet` lacks something of `needs`.
bool lacks(const Packet& packet, const Needs& needs, util::MemberCounts& lacking) {
  const auto member = missing(packet, needs);
  if (member) ++lacking[static_cast<std::size_t>(*member)];
  return member.has_value();
}

}  // namespace

Selector::Selector(std::vector<ConditionUse> where, std::vector<Needs> needs, Plan& plan, First first)
    : where_(std::move(where)), needs_(std::move(needs)), selection_(plan.selection(where_)), first_(first) {
  const auto asks = [](const Needs& of) { return of.members.has(util::Member::queries); };
  needs_question_ = std::ranges::any_of(needs_, asks);
  // Needs that come first are asked of every packet, as those of a condition are.
  where_needs_question_ =
      (first_ == First::needs && needs_question_) ||
      std::ranges::any_of(where_, [&](const ConditionUse& use) { return asks(use.condition->needs); });
}

std::span<const std::uint16_t> Selector::choose(Batch& batch, util::MemberCounts& lacking) {
  if (batch.complete() && (batch.all_with_question() || !where_needs_question_)) [[likely]] {
    const auto chosen = batch.selection(selection_);
    return batch.all_with_question() || !needs_question_ ? chosen : with_question(batch, chosen, lacking);
  }
  std::size_t count = 0;
  for (std::size_t i = 0; i < batch.size(); ++i)
    if (wanted(batch[i], lacking)) chosen_[count++] = static_cast<std::uint16_t>(i);
  return {chosen_.data(), count};
}

/// Captured packets lack nothing but, now and then, a question.
std::span<const std::uint16_t> Selector::with_question(const Batch& batch, std::span<const std::uint16_t> packets,
                                                       util::MemberCounts& lacking) {
  std::size_t count = 0;
  for (const std::uint16_t packet : packets) {
    chosen_[count] = packet;
    count += batch[packet].message.has_question();
  }
  lacking[static_cast<std::size_t>(util::Member::queries)] += packets.size() - count;
  return {chosen_.data(), count};
}

bool Selector::wanted(const Packet& packet, util::MemberCounts& lacking) const {
  if (first_ == First::needs && lacks_needs(packet, lacking)) return false;
  for (const ConditionUse& use : where_)
    if (lacks(packet, use.condition->needs, lacking) || use.condition->holds(packet) == use.negated) return false;
  return first_ == First::needs || !lacks_needs(packet, lacking);
}

bool Selector::lacks_needs(const Packet& packet, util::MemberCounts& lacking) const {
  return std::ranges::any_of(needs_, [&](const Needs& needs) { return lacks(packet, needs, lacking); });
}

}  // namespace rata::reduce
