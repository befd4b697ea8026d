#include "serve/host_guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

namespace rata::serve {
namespace {

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lowered;
}

bool is_address(const std::string& text, int family) {
  std::array<unsigned char, 16> octets{};
  return inet_pton(family, text.c_str(), octets.data()) == 1;
}

bool is_port(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool bracketed_allowed(std::string_view host) {
  const std::size_t end = host.find(']');
  if (end == std::string_view::npos) return false;
  const std::string_view rest = host.substr(end + 1);
  if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) return false;
  return is_address(std::string(host.substr(1, end - 1)), AF_INET6);
}

}  // namespace

bool host_allowed(std::string_view host, std::string_view listen_address) {
  if (host.starts_with('[')) return bracketed_allowed(host);
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos && !is_port(host.substr(colon + 1))) return false;
  std::string name = lower(host.substr(0, colon));
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return false;
  return name == "localhost" || name.ends_with(".localhost") || name == lower(listen_address) ||
         is_address(name, AF_INET);
}

}  // namespace rata::serve
