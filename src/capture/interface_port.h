#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/interface_probe.h"
#include "capture/packet_ring.h"

namespace rata::capture {

/// One interface as one thread listens to it: a ring that finds its way back when the interface was down or away.
/// Thread: one.
class InterfacePort {
 public:
  /// What a look at the interface found.
  enum class Change { none, gone, back };

  /// The rings of one interface, dealt to by address pair when there are several.
  /// Errors: what the kernel refuses, with the interface's name.
  static util::Result<std::vector<InterfacePort>> open(const InterfaceFacts& facts, const RingShape& shape,
                                                       const Dealing& dealing);

  PacketRing& ring() { return ring_; }
  const std::string& name() const { return facts_.name; }
  LinkType link() const { return facts_.link; }
  bool is_gone() const { return gone_; }

  /// Sees whether the interface is there, and binds the ring again when it has come back. Only between reads: the ring
  /// may be another one afterwards. Not handled: what comes back under the old name has another link layer.
  Change look();
  /// Packets that did not fit into the ring since the last question.
  std::uint64_t dropped();
  /// No further packets; what lies in the ring may be read.
  void close_door();

 private:
  InterfacePort(const InterfaceFacts& facts, const RingShape& shape, const Dealing& dealing, std::size_t mine,
                PacketRing ring)
      : facts_(facts), shape_(shape), dealing_(dealing), mine_(mine), ring_(std::move(ring)) {}
  bool covers_all() const { return facts_.name == all_interfaces; }
  bool bound_and_up() const;
  bool return_to_interface();
  util::Result<void> leave_group();

  InterfaceFacts facts_;
  RingShape shape_;
  Dealing dealing_;
  std::size_t mine_;
  PacketRing ring_;
  /// A member of a fanout group cannot be bound again, nor leave, and a new socket needs a privilege that has been
  /// given up by then: this one waits for the day.
  std::optional<Descriptor> spare_;
  std::uint64_t dropped_before_ = 0;  ///< of a ring that is no more
  bool gone_ = false;
};

}  // namespace rata::capture
