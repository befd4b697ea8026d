#include "fleet/listener.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

namespace rata::fleet {
namespace {

namespace asio = boost::asio;
using serve::into;

// Longer than any "event: NAME" and "id: EPOCH-NUMBER".
constexpr std::size_t beginning_octets = 128;
constexpr std::size_t read_octets = 256 * 1024;

std::uint64_t number_of(std::string_view id) {
  std::uint64_t number = 0;
  const std::string_view digits = id.substr(id.rfind('-') + 1);
  std::from_chars(digits.begin(), digits.end(), number);
  return number;
}

}  // namespace

Listener::Listener(asio::io_context& io, Setting setting, Ledger& ledger, Heard& heard)
    : socket_(io), setting_(std::move(setting)), ledger_(ledger), heard_(heard) {}

void Listener::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<bool> Listener::open(const asio::ip::tcp::endpoint& server) {
  boost::system::error_code error;
  co_await socket_.async_connect(server, into(error));
  if (error) co_return false;
  const std::string question = "GET " + setting_.target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  co_await asio::async_write(socket_, asio::buffer(question), into(error));
  std::string head;
  const std::size_t octets =
      co_await asio::async_read_until(socket_, asio::dynamic_buffer(head), "\r\n\r\n", into(error));
  if (error || !head.starts_with("HTTP/1.1 200 ")) co_return false;
  ++heard_.listening;
  take(std::string_view(head).substr(octets), Clock::now());
  co_return true;
}

asio::awaitable<void> Listener::run(asio::ip::tcp::endpoint server) {
  const bool is_open = co_await open(server);
  // One for all: nobody reads it after the next `co_await`.
  static std::vector<char> room(read_octets);
  boost::system::error_code error;
  while (is_open && !error) {
    // Waiting first: a thousand listeners need no room while nothing is there.
    co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, into(error));
    if (error) break;
    const std::size_t octets = socket_.read_some(asio::buffer(room), error);
    take({room.data(), octets}, Clock::now());
  }
  if (error != asio::error::bad_descriptor && error != asio::error::operation_aborted) ++heard_.broken;
}

void Listener::take(std::string_view octets, Clock::time_point now) {
  const std::size_t most = setting_.is_witness ? std::string::npos : beginning_octets;
  while (!octets.empty()) {
    const std::size_t end = octets.find('\n');
    if (line_.size() < most) line_ += octets.substr(0, std::min(end, most));
    line_octets_ += std::min(end, octets.size());
    if (end == std::string_view::npos) return;
    end_line(line_, now);
    line_.clear();
    line_octets_ = 0;
    octets.remove_prefix(end + 1);
  }
}

void Listener::end_line(std::string_view line, Clock::time_point now) {
  if (line.starts_with("event: ")) {
    event_ = line.substr(7);
    ++heard_.events[event_].count;
  } else if (line.starts_with("id: ")) {
    const std::uint64_t publication = number_of(line);
    ledger_.arrived(publication, setting_.number, now);
    for (const auto& [server, second] : std::exchange(waiting_, {})) ledger_.shown(publication, server, second);
  } else if (line.starts_with("data: ")) {
    heard_.events[event_].octets += line_octets_;
    if (setting_.is_witness && event_ == "rates") read_rates(line.substr(6));
  }
}

void Listener::read_rates(std::string_view json) {
  const auto view = nlohmann::json::parse(json, nullptr, false);
  if (!view.is_object() || !view.contains("series")) return;
  const auto& series = view["series"];
  const auto start = series.value("start", no_second), step = series.value("step", std::int64_t{1});
  for (const auto& server : series["servers"]) {
    const auto& queries = server["queries"];
    for (std::size_t i = queries.size(); i > 0; --i)
      if (!queries[i - 1].is_null()) {
        waiting_[server["server"]] = start + static_cast<std::int64_t>(i - 1) * step;
        break;
      }
  }
}

}  // namespace rata::fleet
