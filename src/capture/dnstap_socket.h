#pragma once

#include <memory>
#include <string>

#include "capture/source.h"

namespace rata::capture {

/// Listens for dnstap writers at a Unix socket, which is made, and taken away at the end. Group and owner may write to
/// it. Errors: another program listens there, the path is something else, it cannot be made.
util::Result<std::unique_ptr<Source>> listen_dnstap_unix(const std::string& name, const std::string& path,
                                                         const SourceOptions& options);

/// Listens for dnstap writers at "127.0.0.1:6000" or "[::1]:6000"; port 0 takes a free one, and the source's name then
/// tells it. Dnstap has no authentication: an address beyond loopback needs `open`.
util::Result<std::unique_ptr<Source>> listen_dnstap_tcp(const std::string& name, const std::string& address, bool open,
                                                        const SourceOptions& options);

}  // namespace rata::capture
