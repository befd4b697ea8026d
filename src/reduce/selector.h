#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "reduce/batch.h"
#include "reduce/plan.h"

namespace rata::reduce {

/// Chooses the packets that a reducer counts: all conditions hold, and what it needs is known.
class Selector {
 public:
  /// What is asked first of a packet that lacks something: the conditions and their needs, or the further needs.
  enum class First { conditions, needs };

  /// `needs`: beyond those of the conditions.
  Selector(std::vector<ConditionUse> where, std::vector<Needs> needs, Plan& plan, First first = First::conditions);

  /// Their places in the batch, ascending. A packet that lacks something is counted in `lacking`, by the first thing
  /// that it lacks. Lifetime: until the next call or the batch's next `assign`.
  std::span<const std::uint16_t> choose(Batch& batch, util::MemberCounts& lacking);

 private:
  bool wanted(const Packet& packet, util::MemberCounts& lacking) const;
  bool lacks_needs(const Packet& packet, util::MemberCounts& lacking) const;
  std::span<const std::uint16_t> with_question(const Batch& batch, std::span<const std::uint16_t> packets,
                                               util::MemberCounts& lacking);

  std::vector<ConditionUse> where_;
  std::vector<Needs> needs_;
  std::size_t selection_;
  First first_;
  bool where_needs_question_, needs_question_;
  std::array<std::uint16_t, max_batch_packets> chosen_;
};

}  // namespace rata::reduce
