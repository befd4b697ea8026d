#include "serve/response.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace rata::serve {
namespace {

// On everything: no guessing of content types, and no address of ours in a foreign log.
constexpr std::string_view common_headers = "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";

std::string_view reason(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return "Internal Server Error";
  }
}

/// What clients send may be no UTF-8; JSON has to be.
std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Response response_of(std::string_view content_type, std::string body) {
  auto owner = std::make_shared<const std::string>(std::move(body));
  const std::string_view octets = *owner;
  return {.content_type = content_type, .owner = std::move(owner), .body = octets};
}

Response error_response(unsigned status, std::string_view error) {
  Response response = response_of("application/json", dump({{"error", error}}));
  response.status = status;
  return response;
}

Response method_not_allowed(std::string_view method, std::string_view allowed) {
  Response response = error_response(405, fmt::format("{} is not possible here; there are {}", method, allowed));
  response.headers += fmt::format("Allow: {}\r\n", allowed);
  return response;
}

Response not_found(std::string_view kind, std::string_view asked, std::span<const std::string> there_are) {
  const std::string list =
      there_are.empty() ? "there is none" : fmt::format("there are {}", fmt::join(there_are, ", "));
  return error_response(404, fmt::format("no {} \"{}\"; {}", kind, asked, list));
}

std::string head_of(const Response& response, Connection connection) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  // A 304 describes the copy that the client has; a length of its own would contradict it. A 204 has no body at all.
  if (response.status != 304 && response.status != 204)
    fmt::format_to(std::back_inserter(head), "Content-Type: {}\r\nContent-Length: {}\r\n", response.content_type,
                   response.body.size());
  fmt::format_to(std::back_inserter(head), "{}{}Connection: {}\r\n\r\n", response.headers, common_headers,
                 connection == Connection::close ? "close" : "keep-alive");
  return head;
}

std::string stream_head(std::string_view headers) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n{}{}Connection: close\r\n\r\n",
      headers, common_headers);
}

std::string json_list(std::span<const std::string> texts) { return dump(nlohmann::json(texts)); }

}  // namespace rata::serve
