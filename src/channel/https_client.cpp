#include "channel/https_client.h"

#include <fmt/format.h>

#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <utility>

namespace rata::channel {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// Far beyond what an aggregator says of the largest batch; little enough for whoever else may answer.
constexpr std::uint32_t most_head_octets = 16'384;
constexpr std::uint64_t most_body_octets = 1u << 20;

/// Of the two forms only the number: a date would need two clocks that agree.
std::optional<std::chrono::seconds> seconds_of(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

double seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

HttpsAnswer answer_of(http::response<http::string_body> message) {
  const auto field = [&message](http::field name) { return std::string(message[name]); };
  return {.status = message.result_int(),
          .body = std::move(message.body()),
          .location = field(http::field::location),
          .retry_after = seconds_of(field(http::field::retry_after))};
}

}  // namespace

HttpsClient::HttpsClient(HttpsUrl url, std::string token, const Settings& settings, HttpsPatience patience)
    : url_(std::move(url)), token_(std::move(token)), settings_(settings), patience_(patience) {}

util::Result<HttpsAnswer> HttpsClient::get(std::string_view path) { return exchange(head("GET", path) + "\r\n"); }

util::Result<HttpsAnswer> HttpsClient::post(std::string_view path, std::string_view frame) {
  return exchange(
      fmt::format("{}Content-Type: application/x-ndjson\r\nContent-Encoding: zstd\r\nContent-Length: {}\r\n\r\n{}",
                  head("POST", path), frame.size(), frame));
}

std::string HttpsClient::head(std::string_view method, std::string_view path) const {
  std::string head = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ratadns/{}\r\n", method, url_.prefix,
                                 path, url_.place.text(), RATADNS_VERSION);
  if (!token_.empty()) head += fmt::format("Authorization: Bearer {}\r\n", token_);
  return head;
}

util::Result<HttpsAnswer> HttpsClient::exchange(const std::string& request) {
  if (connection_ && !connection_->is_quiet()) connection_.reset();
  const bool kept = connection_ != nullptr;
  for (bool again = kept;; again = false) {
    if (auto connected = connect(); !connected) return connected.error();
    const Deadline deadline = Clock::now() + patience_.answer;
    Heard heard = Heard::nothing;
    auto answer = ask(request, deadline, heard);
    if (answer) return answer;
    connection_.reset();
    // It was closed at the very moment when we came back to it.
    if (again && heard == Heard::nothing && Clock::now() < deadline) continue;
    return answer;
  }
}

util::Result<void> HttpsClient::connect() {
  if (connection_) return {};
  auto opened = HttpsConnection::open(url_.place, url_.security, settings_, Clock::now() + patience_.connect);
  if (!opened) return opened.error();
  connection_ = std::move(*opened);
  security_ = connection_->security();
  return {};
}

util::Result<HttpsAnswer> HttpsClient::ask(const std::string& request, Deadline deadline, Heard& heard) {
  const auto written = connection_->write(request, deadline);
  if (!written && Clock::now() >= deadline)
    return util::Error{fmt::format("the request was not taken within {} s", seconds(patience_.answer))};
  // Who refuses a request by its head may close before all of it has come; the answer is there all the same.
  auto answer = read_answer(deadline, heard);
  if (!answer && heard == Heard::nothing && !written)
    return util::Error{"the request broke off: " + written.error().message};
  return answer;
}

util::Result<HttpsAnswer> HttpsClient::read_answer(Deadline deadline, Heard& heard) {
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.header_limit(most_head_octets);
  parser.body_limit(most_body_octets);
  std::string waiting;
  std::array<char, 16'384> piece{};
  while (!parser.is_done()) {
    const auto octets = connection_->read_some(piece, deadline);
    if (!octets && Clock::now() >= deadline)
      return util::Error{fmt::format("no whole answer within {} s", seconds(patience_.answer))};
    if (!octets) return util::Error{"the connection broke before the answer: " + octets.error().message};
    error_code error;
    if (*octets == 0) {
      if (heard == Heard::something) parser.put_eof(error);
      if (error || heard == Heard::nothing) return util::Error{"the connection was closed before the whole answer"};
      break;
    }
    heard = Heard::something;
    waiting.append(piece.data(), *octets);
    waiting.erase(0, parser.put(boost::asio::buffer(waiting), error));
    if (error && error != http::error::need_more)
      return util::Error{
          fmt::format("what answers is no HTTP/1.1 server that could be understood: {}", error.message())};
  }
  // What comes behind an answer belongs to no question.
  if (!parser.keep_alive() || !waiting.empty()) connection_.reset();
  return answer_of(parser.release());
}

}  // namespace rata::channel
