#pragma once

#include <span>
#include <string_view>

namespace rata::serve {

/// One file of the page, embedded at build time by web/build.mjs.
struct Asset {
  std::string_view path;          ///< "/", "/app-XXXX.js"
  std::string_view content_type;  ///< "text/html; charset=utf-8"
  std::string_view octets;
  bool immutable;  ///< its name holds a hash of its content: may be cached for ever
};

std::span<const Asset> assets();

/// The Content-Security-Policy that goes with the page.
std::string_view content_security_policy();

}  // namespace rata::serve
