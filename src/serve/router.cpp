#include "serve/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "serve/host_guard.h"
#include "serve/text.h"
#include "util/hash.h"

namespace rata::serve {
namespace {

using aggregate::Scope;

constexpr std::string_view views_prefix = "/api/v1/views/";
constexpr std::string_view older_prefix = "/sse/";
constexpr std::string_view places_path = "/servers_location";
constexpr std::string_view summaries_path = "/api/v1/summaries";
constexpr std::string_view session_path = "/api/v1/session";
constexpr std::string_view health_path = "/healthz", metrics_path = "/metrics";

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

/// The scope that the query asks for. Errors: 400 for two at a time.
std::variant<Scope, Response> scope_asked(const Target& target) {
  const std::string* server = target.parameter("server");
  const std::string* group = target.parameter("group");
  const bool of_server = server && !server->empty(), of_group = group && !group->empty();
  if (of_server && of_group) return error_response(400, "server and group exclude each other; ask for one of them");
  if (of_server) return Scope::server(*server);
  return of_group ? Scope::group(*group) : Scope::total();
}

Response addresses_hidden() {
  return error_response(403,
                        "this tells of whole addresses, which this access may not see (addresses = \"full\" in its "
                        "[[access]] lets it)");
}

/// Whether the query asks for what sketches are merged by. Errors: 400 for another value; 403 for who may not see whole
/// addresses, since registers tell whether one was there.
std::variant<bool, Response> sketches_asked(const Target& target, Visibility addresses) {
  const std::string* text = target.parameter("sketches");
  if (!text || text->empty() || *text == "0") return false;
  if (*text != "1") return error_response(400, fmt::format("sketches={}: needs 0 or 1", *text));
  if (addresses != Visibility::full) return addresses_hidden();
  return true;
}

bool knows(const Bulletin& bulletin, const Scope& scope) {
  const auto scopes = bulletin.scopes();
  return scope == Scope::total() || std::ranges::find(scopes, scope) != scopes.end();
}

Response unknown_scope(const Bulletin& bulletin, const Scope& asked) {
  std::vector<std::string> there_are;
  for (const Scope& scope : bulletin.scopes())
    if (scope.kind == asked.kind) there_are.push_back(scope.name);
  return not_found(asked.kind == Scope::Kind::group ? "group" : "server", asked.name, there_are);
}

Response starting() {
  Response response = error_response(503, "starting");
  response.headers += "Retry-After: 1\r\n";
  return response;
}

Response no_content(std::string headers) {
  return {.status = 204, .headers = "Cache-Control: no-store\r\n" + std::move(headers), .body = {}};
}

/// Of a Content-Type: without parameters such as charset.
bool is_media_type(std::string_view header, std::string_view wanted) {
  return equal_ignoring_case(trimmed(header.substr(0, header.find(';'))), wanted);
}

bool is_plain(std::string_view content_encoding) {
  return content_encoding.empty() || equal_ignoring_case(content_encoding, "identity");
}

/// Errors: 415 for another form than batches come in.
std::optional<Response> unfit_for_delivery(const Request& request) {
  // Not one of the types that a browser sends for any page without asking.
  if (!is_media_type(request.content_type, "application/x-ndjson"))
    return error_response(415, fmt::format("Content-Type \"{}\" is not taken here; there is application/x-ndjson: one "
                                           "summary a line",
                                           request.content_type));
  if (is_plain(request.content_encoding) || equal_ignoring_case(request.content_encoding, "zstd")) return std::nullopt;
  Response response = error_response(415, fmt::format("Content-Encoding \"{}\" is not taken here; there are zstd, "
                                                      "identity",
                                                      request.content_encoding));
  response.headers += "Accept-Encoding: zstd, identity\r\n";
  return response;
}

/// Who is about to send may name each server in the query, and hears before the first summary what would become of it.
/// Errors: 403 for one whose summaries the access may not bring.
std::optional<Response> foreign_server(const Access& access, const Target& target) {
  if (access.servers.empty()) return std::nullopt;
  for (const auto& [name, server] : target.query)
    if (name == "server" && std::ranges::find(access.servers, server) == access.servers.end())
      return error_response(403, fmt::format("the access \"{}\" may not send for the server \"{}\"; servers = [...] in "
                                             "its [[access]] names those for which it may",
                                             access.name, server));
  return std::nullopt;
}

bool for_older_pages(std::string_view path) { return path.starts_with(older_prefix) || path == places_path; }

/// Headers by which pages of other origins may read the answer.
std::string origin_headers(const Config& config, std::string_view path, std::string_view origin) {
  // Older pages live on other hosts than the aggregator.
  if (config.older_open && for_older_pages(path)) return "Access-Control-Allow-Origin: *\r\n";
  if (config.allow_origins.empty()) return {};
  const bool allowed = std::ranges::find(config.allow_origins, origin) != config.allow_origins.end();
  return allowed ? fmt::format("Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n", origin) : "Vary: Origin\r\n";
}

/// To a browser that asks before it sends somebody's token here.
Response preflight() {
  return no_content(
      "Access-Control-Allow-Methods: GET, HEAD\r\nAccess-Control-Allow-Headers: Authorization, Last-Event-ID\r\n"
      "Access-Control-Max-Age: 600\r\n");
}

void add_headers(Answer& answer, const std::string& headers) {
  if (auto* response = std::get_if<Response>(&answer)) response->headers += headers;
  if (auto* stream = std::get_if<Stream>(&answer)) stream->headers += headers;
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

Router::Router(const Config& config, Content content, bool loopback, const Bulletin& bulletin, Gatekeeper& gatekeeper,
               Tally& tally)
    : config_(config),
      content_(std::move(content)),
      loopback_(loopback),
      bulletin_(bulletin),
      gatekeeper_(gatekeeper),
      tally_(tally) {
  if (!content_.page) return;
  for (const Asset& asset : assets())
    pages_[asset.path] = {.asset = asset, .etag = fmt::format("\"{:016x}\"", util::stable_hash(asset.octets))};
}

std::optional<Response> Router::misdirected(const Request& request, const std::optional<Target>& target) const {
  if (auto refused = refusal(request, target)) return refused;
  const bool names_host = !request.hosts.empty() || !target->authority.empty();
  if (loopback_ && names_host && !host_allowed(host_of(request, *target), config_.address))
    return foreign_host(host_of(request, *target));
  return std::nullopt;
}

std::variant<BodyRule, Response> Router::body_rule(const Request& request) const {
  const auto target = parse_target(request.target);
  const bool delivers = content_.take && target && target->path == summaries_path && request.method == "POST";
  if (!delivers) return BodyRule{.limit_octets = config_.request_octets};
  if (auto elsewhere = misdirected(request, target)) return std::move(*elsewhere);
  auto sender = gatekeeper_.admit(request, Gatekeeper::Right::send);
  if (auto* refused = std::get_if<Response>(&sender)) return std::move(*refused);
  if (auto unfit = unfit_for_delivery(request)) return std::move(*unfit);
  return BodyRule{.limit_octets = config_.batch_octets, .delivery = true};
}

bool Router::is_for_senders(const Request& request) {
  const auto target = parse_target(request.target);
  return target && (target->path == summaries_path || target->path == health_path || target->path == metrics_path);
}

Answer Router::answer(Request request) const {
  const auto target = parse_target(request.target);
  if (auto elsewhere = misdirected(request, target)) return std::move(*elsewhere);
  const std::string headers = origin_headers(config_, target->path, request.origin);
  Answer answer = dispatch(*target, request);
  add_headers(answer, headers);
  return answer;
}

Answer Router::dispatch(const Target& target, Request& request) const {
  if (content_.take && target.path == summaries_path) return take(target, request);
  if (content_.page && target.path == session_path) return session(request);
  const auto& origins = config_.allow_origins;
  if (request.method == "OPTIONS" && std::ranges::find(origins, request.origin) != origins.end()) return preflight();
  if (request.method != "GET" && request.method != "HEAD") return method_not_allowed(request.method, "GET, HEAD");
  return route(target, request);
}

Answer Router::route(const Target& target, const Request& request) const {
  const std::string& path = target.path;
  if (path == health_path) return response_of("text/plain; charset=utf-8", "ok");
  if (path == metrics_path && content_.metrics) return metrics(request);
  if (!content_.page) return unknown_path(path);
  if (path.starts_with("/api/") || for_older_pages(path)) {
    auto reader = gatekeeper_.admit(request, Gatekeeper::Right::read);
    if (auto* refused = std::get_if<Response>(&reader)) return std::move(*refused);
    const Access& access = *std::get<const Access*>(reader);
    Answer answer = route_for_readers(target, request, access.addresses);
    if (auto* stream = std::get_if<Stream>(&answer)) stream->reader = access;
    return answer;
  }
  const auto found = pages_.find(path);
  return found == pages_.end() ? unknown_path(path) : page(found->second, request);
}

Answer Router::route_for_readers(const Target& target, const Request& request, Visibility addresses) const {
  const std::string& path = target.path;
  if (path == "/api/v1/status") return status();
  if (path == "/api/v1/views") return views();
  if (path.starts_with(views_prefix)) return view(path.substr(views_prefix.size()), target, addresses);
  if (path == "/api/v1/live") return live(target, request, addresses);
  if (path.starts_with(older_prefix)) return older(path.substr(older_prefix.size()), addresses);
  if (path == places_path) return places();
  const bool is_question = content_.ask && std::ranges::find(question_paths, path) != question_paths.end();
  return is_question ? ask(target, addresses) : unknown_path(path);
}

/// A delivery, whose head `body_rule` has looked at.
Answer Router::take(const Target& target, Request& request) const {
  if (request.method != "POST") return method_not_allowed(request.method, "POST");
  auto sender = gatekeeper_.admit(request, Gatekeeper::Right::send);
  const auto* access = std::get_if<const Access*>(&sender);
  if (access == nullptr) return std::get<Response>(std::move(sender));
  if (auto foreign = foreign_server(**access, target)) {
    ++tally_.unauthorised;
    return std::move(*foreign);
  }
  ++tally_.deliveries;
  Delivery delivery{.octets = std::move(request.body),
                    .zstd = !is_plain(request.content_encoding),
                    .unpacked_octets = config_.unpacked_octets,
                    .access = (*access)->name,
                    .servers = (*access)->servers};
  return Handover{
      .give = [take = content_.take, delivery = std::move(delivery)](
                  std::function<void(Receipt)> answer) mutable { take(std::move(delivery), std::move(answer)); },
      .too_late = "the summaries could not be taken in time; send them again"};
}

/// What is not in memory.
Answer Router::ask(const Target& target, Visibility addresses) const {
  return Handover{.give = [ask = content_.ask, question = Question{target, addresses}](
                              std::function<void(Receipt)> answer) { ask(question, std::move(answer)); },
                  .too_late = "the answer took too long; ask for less"};
}

/// A page cannot add a header to its event stream: it leaves its token here, and the browser sends it as a cookie.
Answer Router::session(const Request& request) const {
  if (request.method == "DELETE") return no_content(set_cookie_header("", config_.tls.has_value()));
  if (request.method != "POST") return method_not_allowed(request.method, "POST, DELETE");
  if (!is_media_type(request.content_type, "application/json"))
    return error_response(415, "a token is taken as application/json: {\"token\":\"...\"}");
  if (gatekeeper_.open()) return no_content("");
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  const auto token = body.is_object() ? body.find("token") : body.end();
  if (token == body.end() || !token->is_string())
    return error_response(400, "this holds no token; there should be {\"token\":\"...\"}");
  const auto& text = token->get_ref<const std::string&>();
  auto holder = gatekeeper_.holder_of(text, request.peer);
  if (auto* refused = std::get_if<Response>(&holder)) return std::move(*refused);
  return no_content(set_cookie_header(text, config_.tls.has_value()));
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
  return response_of("application/json", fmt::format("{{\"views\":{}}}", json_list(bulletin_.names())));
}

/// What the query selects. Errors: the answer to a query that selects nothing.
std::variant<Selection, Response> Router::selection(const Target& target, Visibility addresses) const {
  auto minutes = span_asked(target, content_.spans);
  if (auto* missing = std::get_if<Response>(&minutes)) return std::move(*missing);
  auto scope = scope_asked(target);
  if (auto* wrong = std::get_if<Response>(&scope)) return std::move(*wrong);
  auto sketches = sketches_asked(target, addresses);
  if (auto* refused = std::get_if<Response>(&sketches)) return std::move(*refused);
  return Selection{.minutes = std::get<unsigned>(minutes),
                   .scope = std::get<Scope>(std::move(scope)),
                   .addresses = addresses,
                   .sketches = std::get<bool>(sketches)};
}

Answer Router::view(const std::string& name, const Target& target, Visibility addresses) const {
  if (bulletin_.empty()) return starting();
  const auto names = bulletin_.names();
  if (std::ranges::find(names, name) == names.end()) return not_found("view", name, names);
  auto selected = selection(target, addresses);
  if (auto* nothing = std::get_if<Response>(&selected)) return std::move(*nothing);
  const Selection& selection = std::get<Selection>(selected);
  if (const Views::Text text = bulletin_.view(name, selection)) return Response{.owner = text, .body = *text};
  if (!knows(bulletin_, selection.scope)) return unknown_scope(bulletin_, selection.scope);
  if (addresses != Visibility::full) return addresses_hidden();
  return error_response(404, fmt::format("the view \"{}\" has nothing for this span and server", name));
}

/// Before the first publication nobody knows which servers there are: any is accepted, since a browser gives up an
/// event stream for good when it is refused.
Answer Router::live(const Target& target, const Request& request, Visibility addresses) const {
  auto selected = selection(target, addresses);
  if (auto* nothing = std::get_if<Response>(&selected)) return std::move(*nothing);
  Selection& selection = std::get<Selection>(selected);
  if (!bulletin_.empty() && !knows(bulletin_, selection.scope)) return unknown_scope(bulletin_, selection.scope);
  return Stream{.listener =
                    std::make_unique<LiveListener>(bulletin_, std::move(selection), request.last_event_id, tally_)};
}

Answer Router::older(const std::string& name, Visibility addresses) const {
  if (bulletin_.empty()) return starting();
  const auto names = bulletin_.older_names();
  if (std::ranges::find(names, name) == names.end()) return not_found("older event stream", name, names);
  if (addresses != Visibility::full) return addresses_hidden();
  return Stream{.listener = std::make_unique<OlderListener>(bulletin_, name, config_.client_queue_octets, tally_)};
}

Answer Router::places() const { return response_of("application/json", content_.servers_location_json + "\n\n"); }

Answer Router::metrics(const Request& request) const {
  if (!request.peer.loopback) {
    auto reader = gatekeeper_.admit(request, Gatekeeper::Right::read);
    if (auto* refused = std::get_if<Response>(&reader)) return std::move(*refused);
  }
  return response_of("text/plain; version=0.0.4; charset=utf-8", content_.metrics());
}

Answer Router::unknown_path(const std::string& path) const {
  std::vector<std::string> paths;
  if (content_.page)
    paths = {"/",         "/api/v1/status",    "/api/v1/views",  "/api/v1/views/NAME", "/api/v1/live",
             "/sse/NAME", "/servers_location", "/api/v1/session"};
  if (content_.ask) paths.insert(paths.end(), question_paths.begin(), question_paths.end());
  if (content_.take) paths.emplace_back(summaries_path);
  if (content_.metrics) paths.emplace_back(metrics_path);
  paths.emplace_back(health_path);
  return not_found("path", path, paths);
}

}  // namespace rata::serve
