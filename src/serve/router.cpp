#include "serve/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "serve/host_guard.h"
#include "util/hash.h"

namespace rata::serve {
namespace {

using aggregate::View;

constexpr std::string_view views_prefix = "/api/v1/views/";
constexpr std::string_view older_prefix = "/sse/";
// Older pages live on other hosts than the aggregator.
constexpr std::string_view any_origin = "Access-Control-Allow-Origin: *\r\n";

std::vector<std::string> texts(const std::vector<unsigned>& numbers) {
  std::vector<std::string> list;
  for (const unsigned number : numbers) list.push_back(std::to_string(number));
  return list;
}

/// The span that the query asks for, the first without one. Errors: 404 for another than there are.
std::variant<unsigned, Response> span_asked(const Target& target, const std::vector<unsigned>& there_are) {
  const std::string* text = target.parameter("span");
  if (!text && !there_are.empty()) return there_are.front();
  unsigned minutes = 0;
  if (text) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), minutes);
    const bool whole = error == std::errc() && end == text->data() + text->size();
    if (whole && std::ranges::find(there_are, minutes) != there_are.end()) return minutes;
  }
  return not_found("span", text ? *text : "", texts(there_are));
}

std::string server_asked(const Target& target) {
  const std::string* server = target.parameter("server");
  return server ? *server : "";
}

/// The servers that a span holds, without the one that stands for all together.
void add_servers(const View::Span& span, std::set<std::string>& names) {
  for (const auto& [server, json] : span.json_by_server)
    if (!server.empty()) names.insert(server);
}

Response unknown_server(const std::string& asked, const std::set<std::string>& there_are) {
  return not_found("server", asked, std::vector<std::string>(there_are.begin(), there_are.end()));
}

Response starting() {
  Response response = error_response(503, "starting");
  response.headers += "Retry-After: 1\r\n";
  return response;
}

Response method_not_allowed(std::string_view method) {
  Response response = error_response(405, fmt::format("{} is not possible here; there are GET and HEAD", method));
  response.headers += "Allow: GET, HEAD\r\n";
  return response;
}

/// Errors: why the request cannot be taken as it is.
std::optional<Response> refusal(const Request& request, const std::optional<Target>& target) {
  if (!target) return error_response(400, "the request's target is no path, or wrongly percent-encoded");
  if (request.hosts.size() > 1 || (request.needs_host && request.hosts.empty()))
    return error_response(400, "a request needs exactly one Host header");
  return std::nullopt;
}

std::string_view host_of(const Request& request, const Target& target) {
  return target.authority.empty() ? std::string_view(request.hosts.front()) : std::string_view(target.authority);
}

Response foreign_host(std::string_view host) {
  return error_response(421, fmt::format("not reachable as \"{}\": only as localhost or by an address, because it "
                                         "listens on loopback; --listen ADDRESS:PORT changes that",
                                         host));
}

}  // namespace

Router::Router(const Config& config, Content content, bool loopback, const Bulletin& bulletin, Tally& tally)
    : config_(config), content_(std::move(content)), loopback_(loopback), bulletin_(bulletin), tally_(tally) {
  if (!content_.page) return;
  for (const Asset& asset : assets())
    pages_[asset.path] = {.asset = asset, .etag = fmt::format("\"{:016x}\"", util::stable_hash(asset.octets))};
}

Answer Router::answer(const Request& request) const {
  const auto target = parse_target(request.target);
  if (auto refused = refusal(request, target)) return std::move(*refused);
  const bool names_host = !request.hosts.empty() || !target->authority.empty();
  if (loopback_ && names_host && !host_allowed(host_of(request, *target), config_.address))
    return foreign_host(host_of(request, *target));
  if (request.method != "GET" && request.method != "HEAD") return method_not_allowed(request.method);
  return route(*target, request);
}

Answer Router::route(const Target& target, const Request& request) const {
  const std::string& path = target.path;
  if (path == "/healthz") return response_of("text/plain; charset=utf-8", "ok");
  if (path == "/metrics" && content_.metrics) return metrics();
  if (!content_.page) return unknown_path(path);
  if (path == "/api/v1/status") return status();
  if (path == "/api/v1/views") return views();
  if (path.starts_with(views_prefix)) return view(path.substr(views_prefix.size()), target);
  if (path == "/api/v1/live") return live(target);
  if (path.starts_with(older_prefix)) return older(path.substr(older_prefix.size()));
  if (path == "/servers_location") return places();
  const auto found = pages_.find(path);
  return found == pages_.end() ? unknown_path(path) : page(found->second, request);
}

Answer Router::page(const Page& page, const Request& request) const {
  Response response{.content_type = page.asset.content_type, .body = page.asset.octets};
  response.headers = fmt::format("Content-Security-Policy: {}\r\n", content_security_policy());
  if (page.asset.immutable) {
    response.headers += "Cache-Control: public, max-age=31536000, immutable\r\n";
    return response;
  }
  response.headers += fmt::format("Cache-Control: no-cache\r\nETag: {}\r\n", page.etag);
  if (request.if_none_match == "*" || request.if_none_match.find(page.etag) != std::string::npos) {
    response.status = 304;
    response.body = {};
  }
  return response;
}

Answer Router::status() const {
  if (bulletin_.empty()) return starting();
  return Response{.owner = bulletin_.status(), .body = *bulletin_.status()};
}

Answer Router::views() const {
  if (bulletin_.empty()) return starting();
  std::vector<std::string> names;
  for (const auto& [name, view] : bulletin_.board()) names.push_back(name);
  return response_of("application/json", fmt::format("{{\"views\":{}}}", json_list(names)));
}

Answer Router::view(const std::string& name, const Target& target) const {
  if (bulletin_.empty()) return starting();
  const auto found = bulletin_.board().find(name);
  if (found == bulletin_.board().end()) {
    std::vector<std::string> names;
    for (const auto& [known, view] : bulletin_.board()) names.push_back(known);
    return not_found("view", name, names);
  }
  const auto& view = found->second;
  std::vector<unsigned> spans;
  for (const View::Span& span : view->spans) spans.push_back(span.minutes);
  auto minutes = span_asked(target, spans);
  if (auto* missing = std::get_if<Response>(&minutes)) return std::move(*missing);
  const View::Span& span = *find_span(*view, std::get<unsigned>(minutes));
  const auto json = span.json_by_server.find(server_asked(target));
  if (json != span.json_by_server.end()) return Response{.owner = view, .body = json->second};
  std::set<std::string> servers;
  add_servers(span, servers);
  return unknown_server(server_asked(target), servers);
}

/// Before the first publication nobody knows which servers there are: any is accepted, since a browser gives up an
/// event stream for good when it is refused.
Answer Router::live(const Target& target) const {
  auto minutes = span_asked(target, content_.spans);
  if (auto* missing = std::get_if<Response>(&minutes)) return std::move(*missing);
  Selection selection{.minutes = std::get<unsigned>(minutes), .server = server_asked(target)};
  std::set<std::string> servers;
  for (const auto& [name, view] : bulletin_.board())
    if (const View::Span* span = find_span(*view, selection.minutes)) add_servers(*span, servers);
  if (!bulletin_.empty() && !selection.server.empty() && !servers.contains(selection.server))
    return unknown_server(selection.server, servers);
  return Stream{.listener = std::make_unique<LiveListener>(bulletin_, std::move(selection), tally_), .headers = {}};
}

Answer Router::older(const std::string& name) const {
  if (bulletin_.empty()) return starting();
  const auto names = bulletin_.older_names();
  if (std::ranges::find(names, name) == names.end()) return not_found("older event stream", name, names);
  return Stream{.listener = std::make_unique<OlderListener>(bulletin_, name, config_.client_queue_octets, tally_),
                .headers = any_origin};
}

Answer Router::places() const {
  Response response = response_of("application/json", content_.servers_location_json + "\n\n");
  response.headers += any_origin;
  return response;
}

Answer Router::metrics() const { return response_of("text/plain; version=0.0.4; charset=utf-8", content_.metrics()); }

Answer Router::unknown_path(const std::string& path) const {
  std::vector<std::string> paths;
  if (content_.page)
    paths = {"/",         "/api/v1/status",   "/api/v1/views", "/api/v1/views/NAME", "/api/v1/live",
             "/sse/NAME", "/servers_location"};
  if (content_.metrics) paths.emplace_back("/metrics");
  paths.emplace_back("/healthz");
  return not_found("path", path, paths);
}

}  // namespace rata::serve
