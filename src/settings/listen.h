#pragma once

#include <string>

#include "serve/server.h"
#include "util/result.h"

namespace rata::settings {

/// Reads "127.0.0.1:8353", "[::1]:8353" or ":8353" into `serve`.
util::Result<void> parse_listen(const std::string& text, serve::Config& serve);

/// As people write it: "http://[::1]:8353/".
std::string page_address(const serve::Config& serve, std::uint16_t port);

}  // namespace rata::settings
