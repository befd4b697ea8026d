#include "capture/packet_ring.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rata::capture {
namespace {

/// The largest IP datagram fits, with all headers; what is larger (segments that the card will cut) is captured in
/// part.
constexpr std::size_t least_block_octets = 128 * 1024;
constexpr std::size_t most_block_octets = 256 * 1024;
constexpr std::size_t wanted_blocks = 64;
constexpr std::size_t least_blocks = 2;
/// Only the kernel's check of the request asks for it: with TPACKET_V3 packets follow each other without gaps.
constexpr unsigned nominal_frame_octets = 2048;

/// LINKTYPE_LINUX_SLL: packet type, ARPHRD_ type, length of the address, address, EtherType.
constexpr std::size_t sll_octets = 16, sll_hatype_at = 2, sll_protocol_at = 14;

util::Error kernel_error(const char* what) { return {fmt::format("{}: {}", what, std::strerror(errno))}; }

template <typename Value>
util::Result<void> set_option(int socket, int option, const Value& value, const char* what) {
  if (::setsockopt(socket, SOL_PACKET, option, &value, sizeof value) == 0) return {};
  return kernel_error(what);
}

const tpacket3_hdr& header_at(const std::uint8_t* at) { return *reinterpret_cast<const tpacket3_hdr*>(at); }

sock_fprog view_of(const Program& program) {
  return {.len = static_cast<unsigned short>(program.size()), .filter = const_cast<sock_filter*>(program.data())};
}

/// Into the octets in front of the packet, which PACKET_RESERVE keeps free.
void write_sll_header(const std::uint8_t* header, std::uint8_t* out) {
  const auto& from = *reinterpret_cast<const sockaddr_ll*>(header + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
  std::memset(out, 0, sll_octets);
  out[1] = from.sll_pkttype;
  const std::uint16_t hatype = htons(from.sll_hatype);
  std::memcpy(out + sll_hatype_at, &hatype, sizeof hatype);
  std::memcpy(out + sll_protocol_at, &from.sll_protocol, sizeof from.sll_protocol);
}

}  // namespace

void PacketRing::Unmapper::operator()(std::uint8_t* ring) const { ::munmap(ring, octets); }

util::Result<Descriptor> PacketRing::make_socket(bool cooked) {
  // Without a protocol it gets nothing: no packet comes before the filter and the ring are there.
  Descriptor socket(::socket(AF_PACKET, (cooked ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.number() < 0) return kernel_error("a packet socket cannot be made");
  return socket;
}

util::Result<PacketRing> PacketRing::make(Descriptor socket, bool cooked, const RingShape& shape) {
  PacketRing ring(std::move(socket), cooked);
  if (auto mapped = ring.map(shape); !mapped) return mapped.error();
  return ring;
}

util::Result<void> PacketRing::map(const RingShape& shape) {
  const int socket = socket_.number();
  if (auto set = set_option(socket, PACKET_VERSION, int{TPACKET_V3}, "rings of version 3 are not to be had"); !set)
    return set;
  if (cooked_)
    if (auto set = set_option(socket, PACKET_RESERVE, unsigned{sll_octets}, "no room in front of packets"); !set)
      return set;
  block_octets_ = std::clamp(std::bit_floor(shape.octets / wanted_blocks), least_block_octets, most_block_octets);
  blocks_ = std::max(least_blocks, shape.octets / block_octets_);
  tpacket_req3 request{};
  request.tp_block_size = static_cast<unsigned>(block_octets_);
  request.tp_block_nr = static_cast<unsigned>(blocks_);
  request.tp_frame_size = nominal_frame_octets;
  request.tp_frame_nr = static_cast<unsigned>(blocks_ * (block_octets_ / nominal_frame_octets));
  request.tp_retire_blk_tov = shape.block_wait_ms;
  const std::size_t octets = block_octets_ * blocks_;
  if (::setsockopt(socket, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0)
    return util::Error{fmt::format("a ring of {} MiB cannot be had: {}", octets >> 20, std::strerror(errno))};
  void* const ring = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED, socket, 0);
  if (ring == MAP_FAILED) return kernel_error("the ring cannot be mapped");
  ring_ = {static_cast<std::uint8_t*>(ring), Unmapper{octets}};
  return {};
}

util::Result<void> PacketRing::set_filter(const Program& program) {
  const sock_fprog view = view_of(program);
  if (::setsockopt(socket_.number(), SOL_SOCKET, SO_ATTACH_FILTER, &view, sizeof view) == 0) return {};
  return kernel_error("the kernel does not take the filter");
}

util::Result<void> PacketRing::bind(int interface, bool promiscuous) {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_ALL);
  to.sll_ifindex = interface;
  if (promiscuous) {
    packet_mreq everything{};
    everything.mr_ifindex = interface;
    everything.mr_type = PACKET_MR_PROMISC;
    // A port mirror sends frames that are addressed to others. Interfaces without such a mode have no such frames.
    (void)set_option(socket_.number(), PACKET_ADD_MEMBERSHIP, everything, "");
  }
  if (::bind(socket_.number(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return {};
  return kernel_error("the socket cannot be bound to the interface");
}

util::Result<std::uint16_t> PacketRing::join_group(std::uint16_t group, bool first) {
  constexpr unsigned kind_at = 16;
  const unsigned kind = PACKET_FANOUT_CBPF | (first ? PACKET_FANOUT_FLAG_UNIQUEID : 0);
  const unsigned wanted = group | kind << kind_at;
  if (auto set = set_option(socket_.number(), PACKET_FANOUT, wanted, "a fanout group cannot be joined"); !set)
    return set.error();
  in_group_ = true;
  unsigned got = 0;
  socklen_t size = sizeof got;
  if (::getsockopt(socket_.number(), SOL_PACKET, PACKET_FANOUT, &got, &size) != 0)
    return kernel_error("the number of a fanout group cannot be read");
  return static_cast<std::uint16_t>(got);
}

util::Result<void> PacketRing::deal(const Program& ring_number) {
  return set_option(socket_.number(), PACKET_FANOUT_DATA, view_of(ring_number), "the kernel does not take the dealing");
}

tpacket_hdr_v1& PacketRing::block(std::size_t number) const {
  return reinterpret_cast<tpacket_block_desc*>(ring_.get() + number * block_octets_)->hdr.bh1;
}

bool PacketRing::ready() {
  while (left_ == 0) {
    if (at_ != nullptr) {  // that block is read to its end
      at_ = nullptr;
      ++taken_;
      current_ = (current_ + 1) % blocks_;
    }
    if (taken_ == blocks_) return false;
    tpacket_hdr_v1& next = block(current_);
    // Pairs with the kernel's barrier before it hands a block over: what lies in it is seen after this.
    if ((__atomic_load_n(&next.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) return false;
    left_ = next.num_pkts;
    at_ = reinterpret_cast<std::uint8_t*>(&next) - offsetof(tpacket_block_desc, hdr) + next.offset_to_first_pkt;
  }
  return true;
}

util::Time PacketRing::next_time() const {
  const tpacket3_hdr& header = header_at(at_);
  return {header.tp_sec * util::ns_per_second + header.tp_nsec};
}

Frame PacketRing::frame(LinkType link) const {
  const tpacket3_hdr& header = header_at(at_);
  std::uint8_t* octets = at_ + header.tp_mac;
  std::size_t added = 0;
  if (cooked_) {
    added = sll_octets;
    octets -= added;
    write_sll_header(at_, octets);
  }
  return {.octets = {octets, header.tp_snaplen + added},
          .time = next_time(),
          .original_length = static_cast<std::uint32_t>(header.tp_len + added),
          .link = link};
}

void PacketRing::take(std::vector<Frame>& batch, LinkType link, util::Time up_to) {
  while (batch.size() < max_batch && ready() && next_time() <= up_to) {
    batch.push_back(frame(link));
    at_ += header_at(at_).tp_next_offset;
    --left_;
  }
}

void PacketRing::give_back() {
  for (; taken_ > 0; --taken_) {
    __atomic_store_n(&block(oldest_).block_status, std::uint32_t{TP_STATUS_KERNEL}, __ATOMIC_RELEASE);
    oldest_ = (oldest_ + 1) % blocks_;
  }
}

std::uint64_t PacketRing::dropped() {
  tpacket_stats_v3 kernel{};
  socklen_t size = sizeof kernel;
  // Reading sets it back to zero.
  return ::getsockopt(socket_.number(), SOL_PACKET, PACKET_STATISTICS, &kernel, &size) == 0 ? kernel.tp_drops : 0;
}

}  // namespace rata::capture
