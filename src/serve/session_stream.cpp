#include "serve/session.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace rata::serve {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// The kernel would let a stalled client's buffer grow to megabytes, all of it events that are old when they are read.
constexpr int stream_send_buffer_octets = 256 * 1024;
constexpr std::size_t batch_octets = 256 * 1024;
constexpr std::string_view comment_line = ":\n\n";

}  // namespace

Session::Awaitable<void> Session::write_stream(Stream stream, bool with_body) {
  error_code ignored;
  wire_.socket().set_option(asio::socket_base::send_buffer_size(stream_send_buffer_octets), ignored);
  listener_ = std::move(stream.listener);
  reader_ = std::move(stream.reader);
  const std::string head = stream_head(stream.headers);
  const bool written = co_await write(head, {});
  if (!written || !with_body) co_return;
  ++common_.tally.streams;
  asio::co_spawn(wire_.socket().get_executor(), watch_for_end(shared_from_this()), asio::detached);
  co_await write_events();
}

Session::Awaitable<void> Session::write_events() {
  while (!closed_) {
    const std::vector<Event> batch = next_batch();
    if (batch.empty()) {
      co_await wait_for_events();
      continue;
    }
    const bool written = co_await write_batch(batch);
    if (written) common_.tally.events_sent += batch.size();
  }
}

/// What is ready, so that one call to the kernel takes it; yet not so much that a slow client gets old events only.
std::vector<Event> Session::next_batch() {
  std::vector<Event> batch;
  std::size_t octets = 0;
  while (octets < batch_octets) {
    Event event = listener_->next();
    if (!event) break;
    octets += event->size();
    batch.push_back(std::move(event));
  }
  return batch;
}

Session::Awaitable<bool> Session::write_batch(const std::vector<Event>& batch) {
  std::vector<asio::const_buffer> parts;
  parts.reserve(batch.size());
  for (const Event& event : batch) parts.push_back(asio::buffer(*event));
  set_deadline(common_.config.stall_timeout);
  error_code error;
  co_await wire_.write(parts, error);
  clear_deadline();
  if (error) close();
  co_return !error;
}

/// Until the next publication, or until the stream was silent for so long that a comment is due.
Session::Awaitable<void> Session::wait_for_events() {
  error_code interrupted;
  if (listener_->comments())
    wake_.expires_after(common_.config.comment_interval);
  else
    wake_.expires_at(Clock::time_point::max());
  co_await wake_.async_wait(into(interrupted));
  if (interrupted || closed_) co_return;
  co_await write(comment_line, {});
}

/// Nothing is expected from a client that listens, except that it goes: this notices when nothing is being written.
Session::Awaitable<void> Session::watch_for_end(std::shared_ptr<Session> self) {
  std::array<char, 256> unexpected;
  error_code error;
  while (!error) co_await self->wire_.read_some(asio::buffer(unexpected), error);
  // The writer's deadline cancels this, too; it then closes the session itself.
  self->close();
}

}  // namespace rata::serve
