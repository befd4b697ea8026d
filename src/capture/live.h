#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "capture/source.h"

namespace rata::capture {

/// Listens on network interfaces through memory-mapped rings (packet(7), TPACKET_V3), one source a thread, each with a
/// ring of every interface. A packet comes to source `util::pair_hash(its outermost addresses) % shards % threads`.
/// Almost: what is no IP, has VLAN tags inside the outermost, or came while an interface went away, may come to any.
/// An interface that goes away is waited for, and said through `complaints` of the first source.
/// Errors: not permitted (with the line that helps), no such interface, a filter that cannot be understood.
util::Result<std::vector<std::unique_ptr<Source>>> open_live(const std::vector<std::string>& interfaces,
                                                             const SourceOptions& options, std::size_t threads,
                                                             std::size_t shards);

/// Each is the name of an interface, or "any": not a file, nor anything with a prefix.
bool are_interfaces(const std::vector<std::string>& what);

}  // namespace rata::capture
