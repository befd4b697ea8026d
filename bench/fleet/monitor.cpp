#include "fleet/monitor.h"

#include <fmt/format.h>

#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

namespace rata::fleet {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using serve::into;

// As channel::SenderConfig has it: a batch has so many summaries at most.
constexpr std::size_t most_summaries = 256;
constexpr std::chrono::seconds rest_before_again{1};
constexpr unsigned put_off_status = 503;

}  // namespace

Monitor::Monitor(asio::io_context& io, Setting setting, Ledger& ledger, Sent& sent)
    : socket_(io),
      timer_(io),
      setting_(std::move(setting)),
      boot_(fmt::format("fleet{}", Clock::now().time_since_epoch().count())),
      ledger_(ledger),
      sent_(sent) {}

asio::awaitable<void> Monitor::sleep_until(Clock::time_point time) {
  boost::system::error_code ignored;
  timer_.expires_at(time);
  co_await timer_.async_wait(into(ignored));
}

asio::awaitable<void> Monitor::run(asio::ip::tcp::endpoint server) {
  server_ = server;
  for (std::int64_t next = setting_.from; next < setting_.to;) {
    if (setting_.in_real_time && due_at(next) > Clock::now()) {
      co_await sleep_until(due_at(next));
      sent_.lateness.add(microseconds(Clock::now() - due_at(next)));
    }
    const Due due = prepare(next);
    next = due.last;
    co_await deliver(due);
  }
}

Monitor::Due Monitor::prepare(std::int64_t first) {
  const auto begin = Clock::now();
  Due due{.first = first, .last = first, .summaries = 0, .body = {}};
  while (due.last < setting_.to && due.summaries < most_summaries) {
    if (due.last != first && setting_.in_real_time && due_at(due.last) > begin) break;
    const auto sequence = static_cast<std::uint64_t>((due.last - setting_.from) / setting_.step);
    const RecordedWindow& window = (*setting_.recording)[(setting_.first + sequence) % setting_.recording->size()];
    window.append(due.body, {setting_.server, boot_, sequence, due.last});
    due.summaries += window.lines();
    sent_.octets_unpacked += window.octets();
    due.last += setting_.step;
  }
  due.body = compressor_.compress(std::move(due.body));  // one frame, as a monitor sends them
  sent_.octets += due.body.size();
  sent_.preparing.add(microseconds(Clock::now() - begin));
  return due;
}

/// Until it is taken, or refused for good.
asio::awaitable<void> Monitor::deliver(const Due& due) {
  while (true) {
    unsigned status = 0;
    std::string said;
    const auto begin = Clock::now();
    const bool answered = co_await exchange(due, status, said);
    const auto now = Clock::now();
    if (answered && due.first >= setting_.measured_from) sent_.acks.add(microseconds(now - begin));
    if (answered && understand(due, status, said))
      for (std::int64_t second = due.first; second < due.last; second += setting_.step)
        ledger_.acknowledged(setting_.server, second, due_at(second), now);
    if (answered && status != put_off_status) co_return;
    sent_.broken += answered ? 0 : 1;
    co_await sleep_until(now + rest_before_again);
  }
}

/// False: the connection is gone; the next call makes another one.
asio::awaitable<bool> Monitor::exchange(const Due& due, unsigned& status, std::string& said) {
  http::request<http::string_body> request(http::verb::post, "/api/v1/summaries", 11, due.body);
  request.set(http::field::host, "localhost");
  request.set(http::field::content_type, "application/x-ndjson");
  request.set(http::field::content_encoding, "zstd");
  request.prepare_payload();
  http::response<http::string_body> response;
  boost::system::error_code error;
  if (!socket_.is_open()) co_await socket_.async_connect(server_, into(error));
  if (!error) co_await http::async_write(socket_, request, into(error));
  if (!error) co_await http::async_read(socket_, buffer_, response, into(error));
  if (error || !response.keep_alive()) {
    boost::system::error_code ignored;
    socket_.close(ignored);
    buffer_.clear();
  }
  if (error) co_return false;
  ++sent_.posts;
  status = response.result_int();
  said = std::move(response.body());
  co_return true;
}

bool Monitor::understand(const Due& due, unsigned status, const std::string& said) {
  const auto answer = nlohmann::json::parse(said, nullptr, false);
  const bool taken = status == 200 && answer.is_object() && answer.value("committed", std::size_t{0}) == due.summaries;
  if (taken) {
    sent_.windows += static_cast<std::uint64_t>((due.last - due.first) / setting_.step);
    sent_.summaries += due.summaries;
    return true;
  }
  ++(status == put_off_status ? sent_.put_off : sent_.not_taken);
  if (sent_.first_trouble.empty()) sent_.first_trouble = fmt::format("{} {}", status, said);
  return false;
}

}  // namespace rata::fleet
