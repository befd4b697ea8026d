#pragma once

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "capture/octet_input.h"
#include "util/address.h"

namespace rata::capture::namespaces {

using Octets = std::vector<std::uint8_t>;

/// Runs `body` on a thread that is alone in a new network namespace. Skips, aloud, where there can be none.
inline void in_new_namespace(const std::function<void()>& body) {
  std::string why;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) == 0)
      body();
    else
      why = std::strerror(errno);
  }).join();
  if (!why.empty()) GTEST_SKIP() << "no network namespace can be made here: " << why;
}

/// Runs iproute2's `ip` there.
inline void ip(const std::string& arguments) {
  ASSERT_EQ(std::system(("ip " + arguments).c_str()), 0) << "ip " << arguments;
}

/// What is sent into the one comes out of the other. Addresses of IPv6 would bring traffic of their own.
inline void add_pair(const std::string& one, const std::string& other) {
  ip("link add name " + one + " type veth peer name " + other);
  for (const std::string& name : {one, other}) ip("link set " + name + " addrgenmode none up");
}

/// Sends frames into an interface.
class Wire {
 public:
  explicit Wire(const std::string& interface) : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    if (::bind(socket_.number(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      ADD_FAILURE() << interface << ": " << std::strerror(errno);
  }
  void send(const Octets& frame) const {
    ASSERT_EQ(::send(socket_.number(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()))
        << std::strerror(errno);
  }

 private:
  Descriptor socket_;
};

inline void put16(Octets& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

/// An Ethernet frame with a UDP datagram to port 53, `number` and `padding` octets in it. `vlan`: its tag; 0: none.
inline Octets udp_frame(const util::Address& from, const util::Address& to, std::uint16_t number,
                        std::size_t padding = 0, std::uint16_t vlan = 0) {
  constexpr std::size_t udp_octets = 8;
  const std::size_t payload = udp_octets + 2 + padding;
  Octets frame(12, 2);
  if (vlan != 0) {
    put16(frame, ETH_P_8021Q);
    put16(frame, vlan);
  }
  put16(frame, from.v6 ? ETH_P_IPV6 : ETH_P_IP);
  if (from.v6) {
    frame.insert(frame.end(), {0x60, 0, 0, 0});
    put16(frame, payload);
    frame.insert(frame.end(), {17, 64});
  } else {
    frame.insert(frame.end(), {0x45, 0});
    put16(frame, 20 + payload);
    frame.insert(frame.end(), {0, 1, 0, 0, 64, 17, 0, 0});
  }
  for (const util::Address* address : {&from, &to})
    frame.insert(frame.end(), address->bytes().begin(), address->bytes().end());
  put16(frame, 5353);
  put16(frame, 53);
  put16(frame, payload);
  put16(frame, 0);
  put16(frame, number);
  frame.insert(frame.end(), padding, 0);
  return frame;
}

/// The number in a frame without padding.
inline std::uint16_t number_in(std::span<const std::uint8_t> octets) {
  return static_cast<std::uint16_t>(octets[octets.size() - 2] << 8 | octets[octets.size() - 1]);
}

}  // namespace rata::capture::namespaces
