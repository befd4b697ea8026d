#include "channel/https_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <string_view>

#include "channel/channel.h"

namespace rata::channel {
namespace {

constexpr std::string_view secure_scheme = "https://", bare_scheme = "http://";
constexpr std::uint16_t default_port = 8353;

util::Error wrong(const std::string& url, std::string_view what) {
  return {fmt::format("channel {}: {}", shown_url(url), what)};
}

/// It becomes a part of a request's head: nothing in it may end a line or a word there.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char octet) { return octet > ' ' && octet < 0x7f; }) &&
         text.find_first_of("?#\"\\<>") == std::string_view::npos;
}

bool on_this_machine(const std::string& host) {
  boost::system::error_code is_a_name;
  const auto address = boost::asio::ip::make_address(host, is_a_name);
  return is_a_name ? host == "localhost" : address.is_loopback();
}

}  // namespace

std::string HttpsUrl::text() const {
  return fmt::format("{}{}{}", security == HttpsConnection::Security::tls ? secure_scheme : bare_scheme, place.text(),
                     prefix);
}

util::Result<HttpsUrl> parse_https_url(const std::string& url) {
  HttpsUrl parsed;
  const bool secure = url.starts_with(secure_scheme);
  parsed.security = secure ? HttpsConnection::Security::tls : HttpsConnection::Security::none;
  const std::string_view rest = std::string_view(url).substr(secure ? secure_scheme.size() : bare_scheme.size());
  if (rest.find('@') != std::string_view::npos)
    return wrong(url, "has a login; a token comes from token_file or token_env, so that it is in no configuration");
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const auto place = read_url_place(rest.substr(0, slash), default_port);
  if (!place || !is_plain(rest))
    return wrong(url, "is no https://HOST[:PORT][/PREFIX], as in https://hub.example or https://192.0.2.1:8353");
  parsed.place = *place;
  parsed.prefix = rest.substr(slash);
  while (parsed.prefix.ends_with('/')) parsed.prefix.pop_back();
  if (!secure && !on_this_machine(parsed.place.host))
    return wrong(url,
                 "without TLS, everybody on the way could read and change what is sent, so http:// leads only to this "
                 "machine (localhost, 127.0.0.1, [::1]); use https://, and [serve] tls at the aggregator");
  return parsed;
}

}  // namespace rata::channel
