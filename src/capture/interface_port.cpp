#include "capture/interface_port.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace rata::capture {
namespace {

constexpr std::size_t ethernet_octets = 14;

/// Where the network layer begins in what a socket gets. Of other link layers none has IP that the kernel knows of.
std::size_t header_octets(const InterfaceFacts& facts) {
  return facts.link == LinkType::Ethernet ? ethernet_octets : 0;
}

/// What is wanted of the interface, behind `first`.
Program then_wanted(Program first, const InterfaceFacts& facts) {
  const Program echo = no_echo();
  first.insert(first.end(), echo.begin(), echo.end());
  first.insert(first.end(), facts.filter.begin(), facts.filter.end());
  return first;
}

ifreq named(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return request;
}

/// The interface's number when it is there and up.
std::optional<int> index_when_up(int socket, const std::string& name) {
  ifreq request = named(name);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0 || (request.ifr_flags & IFF_UP) == 0) return {};
  if (::ioctl(socket, SIOCGIFINDEX, &request) != 0) return {};
  return request.ifr_ifindex;
}

/// Opens one ring. Nothing comes through it yet when there are others.
util::Result<PacketRing> open_ring(const InterfaceFacts& facts, const RingShape& shape, bool alone) {
  auto socket = PacketRing::make_socket(facts.cooked);
  if (!socket) return socket.error();
  const int index = facts.name == all_interfaces ? 0 : static_cast<int>(::if_nametoindex(facts.name.c_str()));
  auto ring = PacketRing::make(std::move(*socket), facts.cooked, shape);
  if (!ring) return ring.error();
  if (auto set = ring->set_filter(alone ? then_wanted({}, facts) : reject_all()); !set) return set.error();
  if (auto bound = ring->bind(index, index != 0); !bound) return bound.error();
  return ring;
}

/// A member hears the interface from its binding on, and its share only from its joining on: so the door is shut until
/// all have joined.
util::Result<void> make_group(std::vector<PacketRing>& rings, const InterfaceFacts& facts, const Dealing& dealing) {
  std::uint16_t group = 0;
  for (std::size_t i = 0; i < rings.size(); ++i) {
    const auto joined = rings[i].join_group(group, i == 0);
    if (!joined) return joined.error();
    group = *joined;
  }
  if (auto dealt = rings.front().deal(ring_number(dealing)); !dealt) return dealt;
  for (PacketRing& ring : rings)
    if (auto set = ring.set_filter(then_wanted({}, facts)); !set) return set;
  return {};
}

util::Error with_name(const std::string& name, const util::Error& error) {
  return {fmt::format("{}: capturing cannot start: {}", name, error.message)};
}

}  // namespace

util::Result<std::vector<InterfacePort>> InterfacePort::open(const InterfaceFacts& facts, const RingShape& shape,
                                                             const Dealing& dealing) {
  std::vector<PacketRing> rings;
  for (std::size_t i = 0; i < dealing.rings; ++i) {
    auto ring = open_ring(facts, shape, dealing.rings == 1);
    if (!ring) return with_name(facts.name, ring.error());
    rings.push_back(std::move(*ring));
  }
  if (dealing.rings > 1)
    if (auto made = make_group(rings, facts, dealing); !made) return with_name(facts.name, made.error());
  std::vector<InterfacePort> ports;
  for (std::size_t i = 0; i < rings.size(); ++i) {
    ports.push_back(InterfacePort(facts, shape, dealing, i, std::move(rings[i])));
    if (dealing.rings == 1) continue;
    auto spare = PacketRing::make_socket(facts.cooked);
    if (!spare) return with_name(facts.name, spare.error());
    ports.back().spare_ = std::move(*spare);
  }
  return ports;
}

InterfacePort::Change InterfacePort::look() {
  if (covers_all()) return Change::none;
  int fault = 0;
  socklen_t size = sizeof fault;
  // Poll would answer at once as long as the error has not been fetched.
  ::getsockopt(ring_.descriptor(), SOL_SOCKET, SO_ERROR, &fault, &size);
  const bool was_gone = gone_;
  gone_ = !bound_and_up() && !return_to_interface();
  if (gone_ == was_gone) return Change::none;
  return gone_ ? Change::gone : Change::back;
}

/// By number: an interface that gets another name stays the same.
bool InterfacePort::bound_and_up() const {
  sockaddr_ll bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(ring_.descriptor(), reinterpret_cast<sockaddr*>(&bound), &size) != 0 || bound.sll_ifindex <= 0)
    return false;  // -1: the interface was removed
  ifreq request{};
  request.ifr_ifindex = bound.sll_ifindex;
  return ::ioctl(ring_.descriptor(), SIOCGIFNAME, &request) == 0 &&
         ::ioctl(ring_.descriptor(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

/// True when the ring is bound again, to an interface of the old name. One that was only down needs nothing: the kernel
/// puts the socket back where it was.
bool InterfacePort::return_to_interface() {
  const auto index = index_when_up(ring_.descriptor(), facts_.name);
  if (!index || ring_.ready()) return false;  // what still lies in the ring is read first: a new one begins empty
  if (ring_.in_group() && !leave_group()) return false;
  return static_cast<bool>(ring_.bind(*index, true));
}

/// Outside a group the filter has to choose what is dealt to this ring.
util::Result<void> InterfacePort::leave_group() {
  if (!spare_) return util::Error{"no socket is left that could be bound again"};
  // Made from a copy of the descriptor: should there be no memory for the ring, the next attempt finds the socket.
  Descriptor socket(::fcntl(spare_->number(), F_DUPFD_CLOEXEC, 0));
  auto ring = PacketRing::make(std::move(socket), facts_.cooked, shape_);
  if (!ring) return ring.error();
  if (auto set = ring->set_filter(then_wanted(only_ring(dealing_, mine_, header_octets(facts_)), facts_)); !set)
    return set;
  dropped_before_ += ring_.dropped();
  ring_ = std::move(*ring);
  spare_.reset();
  return {};
}

std::uint64_t InterfacePort::dropped() { return std::exchange(dropped_before_, 0) + ring_.dropped(); }

void InterfacePort::close_door() {
  // When even this fails, reading ends by the clock.
  (void)ring_.set_filter(reject_all());
}

}  // namespace rata::capture
