#pragma once

#include <linux/if_packet.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture/octet_input.h"
#include "capture/shard_filter.h"
#include "capture/source.h"

namespace rata::capture {

/// How much a ring holds. The kernel hands over blocks: when one is full, or some time after its first packet.
struct RingShape {
  std::size_t octets = 0;
  unsigned block_wait_ms = 0;
};

/// A packet socket (packet(7)) with its ring of blocks in memory that it shares with the kernel (TPACKET_V3).
/// Thread: one.
class PacketRing {
 public:
  /// A socket that gets no packets yet. `cooked`: from the network layer on. Errors: as the kernel says it.
  static util::Result<Descriptor> make_socket(bool cooked);

  /// Gives the socket a ring. Errors: as the kernel says it.
  static util::Result<PacketRing> make(Descriptor socket, bool cooked, const RingShape& shape);

  util::Result<void> set_filter(const Program& program);
  /// Packets come from now on. 0: of all interfaces.
  util::Result<void> bind(int interface, bool promiscuous);
  /// Joins a new fanout group, or that of `group`: packets of the interface go to the members in the order of joining.
  /// Both are bound to the same interface. Errors: as the kernel says it.
  util::Result<std::uint16_t> join_group(std::uint16_t group, bool first);
  util::Result<void> deal(const Program& ring_number);
  bool in_group() const { return in_group_; }

  /// A packet lies ready.
  bool ready();
  /// The next one's stamp. `ready` has said so.
  util::Time next_time() const;
  /// Appends packets up to `up_to` and as long as there is room in the batch; the frames lack `ordinal` and `input`.
  void take(std::vector<Frame>& batch, LinkType link, util::Time up_to);
  /// The kernel may write again over what was taken, up to the last whole block.
  void give_back();

  int descriptor() const { return socket_.number(); }
  /// What did not fit into the ring since the last question.
  std::uint64_t dropped();

 private:
  struct Unmapper {
    std::size_t octets;
    void operator()(std::uint8_t* ring) const;
  };

  explicit PacketRing(Descriptor socket, bool cooked) : socket_(std::move(socket)), cooked_(cooked) {}
  util::Result<void> map(const RingShape& shape);
  tpacket_hdr_v1& block(std::size_t number) const;
  Frame frame(LinkType link) const;

  Descriptor socket_;
  bool cooked_, in_group_ = false;
  std::unique_ptr<std::uint8_t, Unmapper> ring_;
  std::size_t block_octets_ = 0, blocks_ = 0;
  std::size_t current_ = 0;             ///< the block being read, or the next one
  std::size_t oldest_ = 0, taken_ = 0;  ///< blocks that were read and not given back
  std::uint32_t left_ = 0;              ///< packets of the current block
  std::uint8_t* at_ = nullptr;          ///< the next packet's header
};

}  // namespace rata::capture
