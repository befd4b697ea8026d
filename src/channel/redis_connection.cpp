#include "channel/redis_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>

#include "channel/client_tls.h"
#include "util/secret.h"

namespace rata::channel {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Redis' lists here have four elements at most. The library would take memory for as many as a header says.
constexpr int most_elements = 64;

redisReplyObjectFunctions* reply_makers() {
  using Makers = redisReplyObjectFunctions;
  static const Makers library = [] {
    const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(), redisReaderFree);
    return *reader->fn;
  }();
  static Makers ours = [] {
    Makers makers = library;
    makers.createArray = [](const redisReadTask* task, int elements) -> void* {
      return elements > most_elements ? nullptr : library.createArray(task, elements);
    };
    return makers;
  }();
  return &ours;
}

const redisReply& octets_of(const void* reply) { return *static_cast<const redisReply*>(reply); }

std::string text_of(error_code error) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) return "the connection was closed";
  return error.message();
}

template <typename Duration>
std::string seconds(Duration patience) {
  return fmt::format("{} s", std::chrono::duration_cast<std::chrono::seconds>(patience).count());
}

/// Redis repeats the beginning of a command that it does not know: with `***` in place of the password, and nothing
/// from where it begins to look like a password that was cut off.
std::string without_login(const std::string& text, const std::string& password) {
  constexpr std::size_t enough_to_tell = 8;
  std::string shown = util::without_secret(text, password);
  const std::size_t cut =
      password.size() > enough_to_tell ? shown.find(password.substr(0, enough_to_tell)) : shown.npos;
  return cut == shown.npos ? shown : shown.substr(0, cut) + "***";
}

}  // namespace

RedisReply::RedisReply(void* reply) : reply_(reply, freeReplyObject) {}

RedisReply::Kind RedisReply::kind() const {
  switch (octets_of(reply_.get()).type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      return Kind::text;
    case REDIS_REPLY_INTEGER:
      return Kind::number;
    case REDIS_REPLY_ARRAY:
      return Kind::list;
    case REDIS_REPLY_ERROR:
      return Kind::error;
    default:
      return Kind::nothing;
  }
}

std::string_view RedisReply::text() const {
  if (kind() != Kind::text && kind() != Kind::error) return {};
  return {octets_of(reply_.get()).str, octets_of(reply_.get()).len};
}

long long RedisReply::number() const { return kind() == Kind::number ? octets_of(reply_.get()).integer : 0; }

std::size_t RedisReply::size() const { return kind() == Kind::list ? octets_of(reply_.get()).elements : 0; }

std::string_view RedisReply::text_at(std::size_t index) const {
  if (index >= size()) return {};
  const redisReply& element = *octets_of(reply_.get()).element[index];
  return element.type == REDIS_REPLY_STRING ? std::string_view(element.str, element.len) : std::string_view();
}

struct RedisConnection::Loop {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};  // so that it never runs dry
  std::atomic<bool> interrupted = false;
};

/// One TCP connection. Its handlers share it: one that comes late finds what it writes to.
struct RedisConnection::Link {
  explicit Link(asio::io_context& io) : socket(io) {}

  template <typename Use>
  void with_stream(Use&& use) {
    tls ? use(*tls) : use(socket);
  }

  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader{redisReaderCreateWithFunctions(reply_makers()),
                                                                  redisReaderFree};
  bool busy = false;  // connects, shakes hands or writes
  error_code error;   // of that
  std::string output;
  std::size_t written = 0;

  bool reading = false;
  error_code read_error;
  std::array<char, 65'536> input;
  std::size_t unread_octets = 0;  // came since the last complete reply
  Clock::time_point last_heard = Clock::now();
};

RedisConnection::RedisConnection(RedisUrl url, const Settings& settings, std::size_t most_octets)
    : url_(std::move(url)), tls_(settings), most_octets_(most_octets), loop_(std::make_unique<Loop>()) {}

RedisConnection::~RedisConnection() = default;

util::Result<std::unique_ptr<RedisConnection>> RedisConnection::make(const Settings& settings,
                                                                     std::size_t most_octets) {
  auto url = parse_redis_url(settings.url);
  if (!url) return url.error();
  auto password = util::find_secret(
      {.name = "password", .in_url = url->password, .file = settings.password_file, .variable = settings.password_env});
  if (!password) return util::Error{fmt::format("channel {}: {}", url->text(), password.error().message)};
  url->password = std::move(*password);
  if (url->tls) {
    if (auto usable = client_tls(settings); !usable)
      return util::Error{fmt::format("channel {}: {}", url->text(), usable.error().message)};
  } else if (!(settings.ca_file + settings.certificate_file + settings.key_file).empty()) {
    return util::Error{fmt::format(
        "channel {}: ca_file, certificate_file and key_file are for rediss://, Redis over TLS", url->text())};
  }
  return std::unique_ptr<RedisConnection>(new RedisConnection(std::move(*url), settings, most_octets));
}

util::Error RedisConnection::trouble(std::string_view what) const {
  return {fmt::format("{}: {}", url_.text(), without_login(std::string(what), url_.password))};
}

util::Error RedisConnection::broken(std::string_view what) {
  util::Error error = trouble(what);
  close();
  return error;
}

void RedisConnection::close() {
  if (!link_) return;
  error_code ignored;
  link_->socket.close(ignored);
  last_heard_ = link_->last_heard;
  link_.reset();
}

void RedisConnection::rest(std::chrono::milliseconds pause) {
  wait([] { return false; }, Clock::now() + pause);
}

void RedisConnection::interrupt() {
  loop_->interrupted = true;
  asio::post(loop_->io, [] {});
}

RedisConnection::Clock::time_point RedisConnection::last_heard() const {
  return link_ ? link_->last_heard : last_heard_;
}

/// Handlers run here and nowhere else. False: not done by then, or interrupted.
template <typename Done>
bool RedisConnection::wait(Done done, Clock::time_point until) {
  while (!done())
    if (loop_->interrupted || loop_->io.run_one_until(until) == 0) return done();
  return true;
}

util::Result<void> RedisConnection::open() {
  if (link_) {
    // Nothing was asked: what comes is the end, or out of turn.
    start_reading();
    loop_->io.poll();
    if (link_->reading && link_->unread_octets == 0) return {};
    close();
  }
  overflowed_ = false;
  if (auto connected = connect(); !connected) return connected;
  if (url_.tls)
    if (auto shaken = shake_hands(); !shaken) return shaken;
  return log_in();
}

util::Result<void> RedisConnection::connect() {
  error_code error;
  const auto places = tcp::resolver(loop_->io).resolve(url_.host, std::to_string(url_.port), error);
  if (error) return trouble(fmt::format("cannot connect: {}", error.message()));
  std::string why;
  for (const auto& place : places) {
    if (loop_->interrupted) return trouble("cannot connect: interrupted");
    link_ = std::make_shared<Link>(loop_->io);
    link_->socket.open(place.endpoint().protocol(), error);
    if (error) return broken(fmt::format("cannot connect: {}", error.message()));
    fcntl(link_->socket.native_handle(), F_SETFD, FD_CLOEXEC);
    link_->busy = true;
    link_->socket.async_connect(place.endpoint(), [link = link_](error_code result) {
      link->busy = false;
      link->error = result;
    });
    const bool answered = wait([&] { return !link_->busy; }, Clock::now() + connect_patience);
    if (answered && !link_->error) {
      link_->socket.set_option(tcp::no_delay(true), error);
      link_->last_heard = Clock::now();
      return {};
    }
    why = answered ? link_->error.message() : "no answer within " + seconds(connect_patience);
    close();
  }
  return trouble(fmt::format("cannot connect: {}", why));
}

util::Result<void> RedisConnection::shake_hands() {
  auto context = client_tls(tls_);
  if (!context) return broken(context.error().message);
  link_->tls.emplace(link_->socket, **context);
  SSL* const ssl = link_->tls->native_handle();
  if (auto expected = expect_server(ssl, url_.host); !expected) return broken(expected.error().message);
  link_->busy = true;
  link_->tls->async_handshake(asio::ssl::stream_base::client, [link = link_](error_code result) {
    link->busy = false;
    link->error = result;
  });
  if (!wait([&] { return !link_->busy; }, Clock::now() + connect_patience))
    return broken("TLS: no answer within " + seconds(connect_patience));
  if (link_->error) return broken(handshake_fault(ssl, url_.host, link_->error));
  return {};
}

util::Result<void> RedisConnection::log_in() {
  if (!url_.password.empty() || !url_.user.empty()) {
    std::vector<std::string_view> login = {"AUTH"};
    if (!url_.user.empty()) login.push_back(url_.user);
    login.push_back(url_.password);
    if (auto done = ask(login, "login"); !done) return done.error();
  }
  if (url_.database != 0)
    if (auto done = ask({"SELECT", std::to_string(url_.database)}, "SELECT"); !done) return done.error();
  return {};
}

void RedisConnection::append(std::span<const std::string_view> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* command = nullptr;
  const int octets = redisFormatCommandArgv(&command, static_cast<int>(words.size()), texts.data(), sizes.data());
  if (octets < 0) return;  // no memory; the reply will be missed
  link_->output.append(command, static_cast<std::size_t>(octets));
  redisFreeCommand(command);
}

util::Result<void> RedisConnection::write_out(std::string_view what) {
  while (link_->written < link_->output.size()) {
    link_->busy = true;
    const auto rest = asio::buffer(link_->output) + link_->written;
    link_->with_stream([&](auto& stream) {
      stream.async_write_some(rest, [link = link_](error_code result, std::size_t octets) {
        link->busy = false;
        link->error = result;
        link->written += octets;
      });
    });
    const bool taken = wait([&] { return !link_->busy; }, Clock::now() + command_patience);
    if (taken && !link_->error) continue;
    const std::string why = taken                ? last_words()
                            : loop_->interrupted ? "interrupted"
                                                 : "nothing was taken within " + seconds(command_patience);
    return broken(fmt::format("{}: {}", what, why));
  }
  link_->output.clear();
  link_->written = 0;
  return {};
}

/// Of a connection that takes nothing more. Who closes one often says why before: by an error reply, or an alert of
/// TLS.
std::string RedisConnection::last_words() {
  constexpr std::chrono::milliseconds patience{100};  // they are here already, if there are any
  start_reading();
  if (wait([&] { return !link_->reading; }, Clock::now() + patience)) {
    const auto reply = complete_reply();
    if (reply && reply->kind() == RedisReply::Kind::error) return std::string(reply->text());
    if (link_->read_error.category() == asio::error::get_ssl_category()) return text_of(link_->read_error);
  }
  return text_of(link_->error);
}

/// One read at a time is under way, if need be over several waits.
void RedisConnection::start_reading() {
  if (link_->reading || link_->read_error) return;
  link_->reading = true;
  link_->with_stream([&](auto& stream) {
    stream.async_read_some(asio::buffer(link_->input), [link = link_](error_code result, std::size_t octets) {
      link->reading = false;
      link->read_error = result;
      if (octets == 0) return;
      redisReaderFeed(link->reader.get(), link->input.data(), octets);
      link->unread_octets += octets;
      link->last_heard = Clock::now();
    });
  });
}

std::optional<RedisReply> RedisConnection::complete_reply() {
  void* reply = nullptr;
  redisReaderGetReply(link_->reader.get(), &reply);  // its error stays in the reader
  if (reply == nullptr) return std::nullopt;
  link_->unread_octets = link_->reader->len - link_->reader->pos;
  return RedisReply(reply);
}

/// Why nothing more can come; empty: something can.
std::string RedisConnection::fault() const {
  if (loop_->interrupted) return "interrupted";
  if (link_->reader->err != 0) return fmt::format("does not speak Redis' protocol ({})", link_->reader->errstr);
  if (link_->unread_octets > most_octets_)
    return fmt::format("a reply or message of more than {} octets, which is the limit", most_octets_);
  return link_->read_error ? text_of(link_->read_error) : std::string();
}

util::Result<std::optional<RedisReply>> RedisConnection::next(Clock::time_point until, std::string_view what) {
  if (!link_) return trouble(fmt::format("{}: not connected", what));
  if (auto written = write_out(what); !written) return written.error();
  while (true) {
    if (auto reply = complete_reply()) return reply;
    if (const std::string why = fault(); !why.empty()) {
      overflowed_ = link_->unread_octets > most_octets_;
      return broken(fmt::format("{}: {}", what, why));
    }
    start_reading();
    if (!wait([&] { return !link_->reading; }, until) && !loop_->interrupted) return std::optional<RedisReply>();
  }
}

util::Result<RedisReply> RedisConnection::reply(std::string_view what) {
  auto reply = next(Clock::now() + command_patience, what);
  if (!reply) return reply.error();
  if (!*reply) return broken(fmt::format("{}: no reply within {}", what, seconds(command_patience)));
  return std::move(**reply);
}

util::Result<RedisReply> RedisConnection::ask(std::span<const std::string_view> words, std::string_view what) {
  append(words);
  auto answer = reply(what);
  if (!answer || answer->kind() != RedisReply::Kind::error) return answer;
  return broken(fmt::format("{} refused: {}", what, answer->text()));
}

}  // namespace rata::channel
