#include "settings/listen.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace rata::settings {

util::Result<void> parse_listen(const std::string& text, serve::Config& serve) {
  const std::size_t colon = text.rfind(':');
  unsigned port = 0;
  const char* first = text.data() + (colon == std::string::npos ? 0 : colon + 1);
  const char* last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(first, last, port);
  if (colon == std::string::npos || first == last || fault != std::errc() || end != last || port > 65'535)
    return util::Error{fmt::format("\"{}\" is no ADDRESS:PORT such as 127.0.0.1:8353 or [::1]:8353", text)};
  std::string address = text.substr(0, colon);
  if (address.size() >= 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  if (!address.empty()) serve.address = address;
  if (serve.address == "localhost") serve.address = "127.0.0.1";
  serve.port = static_cast<std::uint16_t>(port);
  return {};
}

std::string page_address(const serve::Config& serve, std::uint16_t port) {
  const bool v6 = serve.address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}/", serve.tls ? "https" : "http", v6 ? "[" : "", serve.address, v6 ? "]" : "",
                     port);
}

}  // namespace rata::settings
