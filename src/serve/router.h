#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "serve/assets.h"
#include "serve/bulletin.h"
#include "serve/listener.h"
#include "serve/response.h"
#include "serve/server.h"
#include "serve/target.h"

namespace rata::serve {

/// What of a request decides the answer.
struct Request {
  std::string method, target;
  std::vector<std::string> hosts;  ///< every Host header
  bool needs_host = true;          ///< HTTP/1.1
  std::string if_none_match;
};

/// An answer without an end.
struct Stream {
  std::unique_ptr<Listener> listener;
  std::string_view headers;
};

using Answer = std::variant<Response, Stream>;

/// Which request gets what. Knows no sockets.
/// Thread: the server's.
class Router {
 public:
  /// `loopback`: only this machine can reach us, and a Host header with a foreign name is refused.
  Router(const Config& config, Content content, bool loopback, const Bulletin& bulletin, Tally& tally);

  Answer answer(const Request& request) const;

 private:
  struct Page {
    Asset asset;
    std::string etag;
  };

  Answer route(const Target& target, const Request& request) const;
  Answer page(const Page& page, const Request& request) const;
  Answer status() const;
  Answer views() const;
  Answer view(const std::string& name, const Target& target) const;
  Answer live(const Target& target) const;
  Answer older(const std::string& name) const;
  Answer places() const;
  Answer metrics() const;
  Answer unknown_path(const std::string& path) const;

  const Config config_;
  const Content content_;
  const bool loopback_;
  const Bulletin& bulletin_;
  Tally& tally_;
  std::map<std::string_view, Page> pages_;
};

}  // namespace rata::serve
