#include "serve/host_guard.h"

#include <gtest/gtest.h>

namespace rata::serve {
namespace {

TEST(HostGuard, Loopback_names_and_addresses_are_allowed) {
  for (const auto* host :
       {"localhost", "localhost:8353", "LocalHost.", "dns.localhost:1", "127.0.0.1", "127.0.0.1:8353", "192.0.2.1:80",
        "[::1]", "[::1]:8353", "[2001:db8::1]:", "watch.example:8353"})
    EXPECT_TRUE(host_allowed(host, "watch.example")) << host;
}

TEST(HostGuard, Foreign_names_are_refused) {
  for (const auto* host :
       {"", ":80", ".", "evil.example", "localhost.evil.example", "notlocalhost", "127.0.0.1.evil.example",
        "evil@127.0.0.1", "127.0.0.1:80@evil.example", "localhost:80:evil.example", "[::1", "[::1]x", "[::1]:x",
        "[127.0.0.1]", "[evil.example]", "::1", "2130706433", "0x7f.1", "other.example"})
    EXPECT_FALSE(host_allowed(host, "127.0.0.1")) << host;
}

}  // namespace
}  // namespace rata::serve
