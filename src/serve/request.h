#pragma once

#include <string>
#include <vector>

#include "util/address.h"

namespace rata::serve {

/// Who is at the other end of a connection.
struct Peer {
  util::Address address;
  bool loopback = false;
  std::vector<std::string> certificate_names;  ///< of the verified certificate that it showed; empty: none
};

/// What limits go by: the address, of IPv6 its /64, as whoever has one has the others.
inline std::string key_of(const Peer& peer) {
  const auto octets = peer.address.bytes().first(peer.address.v6 ? 8 : 4);
  return {octets.begin(), octets.end()};
}

/// What of a request decides the answer.
struct Request {
  std::string method, target;
  std::vector<std::string> hosts = {};  ///< every Host header
  bool needs_host = true;               ///< HTTP/1.1
  std::string if_none_match = {}, last_event_id = {}, origin = {};
  std::string authorization = {}, cookie = {};
  std::string content_type = {}, content_encoding = {};
  std::string body = {};
  Peer peer = {};
};

}  // namespace rata::serve
