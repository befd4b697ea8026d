#include "capture/interface_losses.h"

#include <ifaddrs.h>
#include <linux/if_link.h>
#include <sys/socket.h>

#include <memory>

namespace rata::capture {
namespace {

struct AddressesCloser {
  void operator()(ifaddrs* addresses) const { ::freeifaddrs(addresses); }
};

}  // namespace

InterfaceLosses::InterfaceLosses(const std::vector<std::string>& interfaces) {
  for (const std::string& name : interfaces) interfaces_.push_back({.name = name});
  more();
}

std::uint64_t InterfaceLosses::more() {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return 0;
  const std::unique_ptr<ifaddrs, AddressesCloser> addresses(found);
  std::uint64_t more = 0;
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_PACKET || one->ifa_data == nullptr) continue;
    const auto& counters = *static_cast<const rtnl_link_stats*>(one->ifa_data);
    const std::uint64_t missed = std::uint64_t{counters.rx_missed_errors} + counters.rx_fifo_errors;
    for (Interface& interface : interfaces_) {
      if (interface.name != one->ifa_name) continue;
      if (missed > interface.missed) more += missed - interface.missed;
      interface.missed = missed;
    }
  }
  return more;
}

}  // namespace rata::capture
