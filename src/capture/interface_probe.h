#pragma once

#include <cstdint>
#include <string>

#include "capture/shard_filter.h"
#include "capture/source.h"

namespace rata::capture {

/// libpcap's name for all interfaces together.
inline constexpr const char* all_interfaces = "any";

/// What has to be known of an interface to open rings on it.
struct InterfaceFacts {
  std::string name;
  LinkType link = LinkType::Ethernet;
  /// Its packets have no link layer that could be read, or none in common ("any"): they are taken from the network
  /// layer on, and get a header of LinuxSll.
  bool cooked = false;
  Program filter;  ///< what is wanted of it
};

/// Asks libpcap, which knows the link layers and the language of filters.
/// Errors: not permitted (with the line that helps), no such interface, a filter that cannot be understood.
util::Result<InterfaceFacts> probe_interface(const std::string& name, const LiveFilter& filter);

}  // namespace rata::capture
