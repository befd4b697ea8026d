#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "serve/assets.h"
#include "serve/bulletin.h"
#include "serve/gatekeeper.h"
#include "serve/listener.h"
#include "serve/request.h"
#include "serve/response.h"
#include "serve/server.h"
#include "serve/target.h"

namespace rata::serve {

/// An answer without an end.
struct Stream {
  std::unique_ptr<Listener> listener;
  std::string headers = {};
  Access reader = {};  ///< to whom it was opened
};

/// Somebody else has the answer, and may take his time for it: called once, with where the answer goes.
struct Handover {
  std::function<void(std::function<void(Receipt)>)> give;
  std::string_view too_late;  ///< what is said when no answer comes in time
};

using Answer = std::variant<Response, Stream, Handover>;

/// What may follow a request's head.
struct BodyRule {
  std::size_t limit_octets;
  bool delivery = false;  ///< it takes its part of the memory for all deliveries
};

/// Which request gets what. Knows no sockets.
/// Thread: the server's.
class Router {
 public:
  /// `loopback`: only this machine can reach us, and a Host header with a foreign name is refused.
  Router(const Config& config, Content content, bool loopback, const Bulletin& bulletin, Gatekeeper& gatekeeper,
         Tally& tally);

  /// Known from the head alone, so that nobody sends in vain. Errors: the answer.
  std::variant<BodyRule, Response> body_rule(const Request& request) const;
  Answer answer(Request request) const;
  /// Whether it is one for which connections are kept: a delivery, or what tells how things stand.
  static bool is_for_senders(const Request& request);

 private:
  struct Page {
    Asset asset;
    std::string etag;
  };

  std::optional<Response> misdirected(const Request& request, const std::optional<Target>& target) const;
  Answer dispatch(const Target& target, Request& request) const;
  Answer route(const Target& target, const Request& request) const;
  Answer route_for_readers(const Target& target, const Request& request, Visibility addresses) const;
  Answer take(const Target& target, Request& request) const;
  Answer ask(const Target& target, Visibility addresses) const;
  Answer session(const Request& request) const;
  Answer page(const Page& page, const Request& request) const;
  Answer status() const;
  Answer views() const;
  Answer view(const std::string& name, const Target& target, Visibility addresses) const;
  std::variant<Selection, Response> selection(const Target& target, Visibility addresses) const;
  Answer live(const Target& target, const Request& request, Visibility addresses) const;
  Answer older(const std::string& name, Visibility addresses) const;
  Answer places() const;
  Answer metrics(const Request& request) const;
  Answer unknown_path(const std::string& path) const;

  const Config config_;
  const Content content_;
  const bool loopback_;
  const Bulletin& bulletin_;
  Gatekeeper& gatekeeper_;
  Tally& tally_;
  std::map<std::string_view, Page> pages_;
};

}  // namespace rata::serve
