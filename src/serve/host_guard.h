#pragma once

#include <string_view>

namespace rata::serve {

/// Whether a server that listens on loopback may answer a request with this Host header: "localhost", a name under it,
/// an address, or what the server was told to listen on, each with or without a port. A foreign name that resolves to
/// this machine (DNS rebinding) would let any web page read what we serve.
bool host_allowed(std::string_view host, std::string_view listen_address);

}  // namespace rata::serve
