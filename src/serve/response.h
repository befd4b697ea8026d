#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace rata::serve {

/// An answer with an end. The body is shared, not copied.
struct Response {
  unsigned status = 200;
  std::string_view content_type = "application/json";
  std::string headers = "Cache-Control: no-store\r\n";  ///< further ones, each with its line end
  std::shared_ptr<const void> owner = nullptr;          ///< keeps `body` alive; null: it is static
  std::string_view body = {};
};

Response response_of(std::string_view content_type, std::string body);

/// `{"error":"..."}`.
Response error_response(unsigned status, std::string_view error);

/// 405. `allowed`: methods, with commas between them.
Response method_not_allowed(std::string_view method, std::string_view allowed);

/// 404: `no view "x"; there are a, b, c`.
Response not_found(std::string_view kind, std::string_view asked, std::span<const std::string> there_are);

enum class Connection : unsigned char { keep_alive, close };

/// Status line and headers, the empty line after them included.
std::string head_of(const Response& response, Connection connection);

/// The same for an event stream, which has no length: it ends with its connection.
std::string stream_head(std::string_view headers);

std::string json_list(std::span<const std::string> texts);

}  // namespace rata::serve
