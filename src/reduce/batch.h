#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "reduce/context.h"
#include "reduce/key_column.h"
#include "reduce/packet.h"
#include "reduce/plan.h"

namespace rata::reduce {

/// Packets of one shard and one window, and what several reducers want to know of them: computed when the first asks,
/// then shared. Thread: one at a time. Lifetime of what it gives: until the next `assign`.
class Batch {
 public:
  /// Both outlive it. `plan` may grow until the first `assign`.
  Batch(const Plan& plan, const Context& context) : plan_(&plan), context_(&context) {}

  /// At most `max_batch_packets`.
  void assign(std::span<const Packet> packets);

  std::span<const Packet> packets() const { return packets_; }
  const Packet& operator[](std::size_t i) const { return packets_[i]; }
  std::size_t size() const { return packets_.size(); }
  const Context& context() const { return *context_; }

  /// The source said all there is to say of each packet: nobody has to ask for what is missing.
  bool complete() const { return complete_; }
  bool all_with_question() const { return all_with_question_; }

  /// A column: a value at the place of each packet of its selection. Of a packet that lacks what the dimension needs it
  /// means nothing.
  std::span<const std::uint32_t> codes(std::size_t column);
  KeyColumn& keys(std::size_t column);

  /// The packets of which all conditions hold, ascending. Only of a batch that lacks nothing that they need.
  std::span<const std::uint16_t> selection(std::size_t number);

 private:
  using Codes = std::array<std::uint32_t, max_batch_packets>;
  struct Selection {
    std::array<std::uint16_t, max_batch_packets> packets;
    std::size_t size = 0;
  };

  ChosenPackets among(const Plan::Column& column);
  std::span<const std::uint16_t> every_packet() const;
  void choose(const Plan::Selection& what, Selection& chosen);

  const Plan* plan_;
  const Context* context_;
  std::span<const Packet> packets_;
  bool complete_ = true, all_with_question_ = true;
  std::vector<Codes> codes_;
  std::vector<KeyColumn> keys_;
  std::vector<Selection> selections_;
  std::vector<bool> has_codes_, has_keys_, has_selection_;
};

}  // namespace rata::reduce
