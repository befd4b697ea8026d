#include "channel/redis_channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "channel/redis_url.h"
#include "util/secret_file.h"

namespace rata::channel {
namespace {

/// Sending one batch may take the sum of both, and so may the program's end.
constexpr timeval connect_patience{.tv_sec = 3, .tv_usec = 0}, command_patience{.tv_sec = 5, .tv_usec = 0};

/// Written before the replies are read: enough to pay for the round trip, little enough to keep in memory.
constexpr std::size_t pipeline_octets = 1u << 20;

using Context = std::unique_ptr<redisContext, decltype(&redisFree)>;

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

class RedisChannel final : public Channel {
 public:
  RedisChannel(RedisUrl url, const Settings& settings)
      : url_(std::move(url)), form_(settings.form), topics_(settings.topics) {}

  Attempt send(std::span<const summary::Summary> batch) override {
    if (auto connected = connect(); !connected) return {Attempt::State::try_again, connected.error().message, {}};
    Attempt attempt;
    attempt.out.resize(batch.size());
    for (std::size_t first = 0; first < batch.size() && attempt.state == Attempt::State::sent;) {
      const std::size_t count = write_commands(batch.subspan(first));
      read_replies(first, count, attempt);
      first += count;
    }
    return attempt;
  }

  util::Result<std::string> try_out() override {
    if (auto connected = connect(); !connected) return connected.error();
    if (auto pinged = ask({"PING"}, "PING"); !pinged) return pinged.error();
    return std::string("answers");
  }

  BestEffort best_effort() const override { return {unheard_, perhaps_twice_}; }

 private:
  util::Error trouble(const std::string& what) const {
    return {fmt::format("{}: {}", url_.text(), without_password(what))};
  }

  /// Some replies repeat what they were asked.
  std::string without_password(std::string text) const {
    constexpr std::string_view instead = "***";
    if (url_.password.empty()) return text;
    for (std::size_t at = 0; (at = text.find(url_.password, at)) != std::string::npos; at += instead.size())
      text.replace(at, url_.password.size(), instead);
    return text;
  }

  /// What the library says of a connection that broke.
  std::string fault() const {
    if (context_->err == REDIS_ERR_EOF) return "the connection was closed";
    if (context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK))
      return fmt::format("no reply within {} s", command_patience.tv_sec);
    if (context_->err == REDIS_ERR_PROTOCOL)
      return fmt::format("does not speak Redis' protocol ({})", context_->errstr);
    return context_->errstr;
  }

  util::Result<void> connect() {
    if (context_ && still_open()) return {};
    context_.reset(redisConnectWithTimeout(url_.host.c_str(), url_.port, connect_patience));
    if (!context_) return trouble("no memory for a connection");
    if (context_->err != 0) return broken(trouble(fmt::format("cannot connect: {}", context_->errstr)));
    fcntl(context_->fd, F_SETFD, FD_CLOEXEC);
    redisSetTimeout(context_.get(), command_patience);
    if (!url_.password.empty() || !url_.user.empty()) {
      std::vector<std::string_view> login = {"AUTH"};
      if (!url_.user.empty()) login.push_back(url_.user);
      login.push_back(url_.password);
      if (auto done = ask(login, "login"); !done) return done;
    }
    if (url_.database != 0) return ask({"SELECT", std::to_string(url_.database)}, "SELECT");
    return {};
  }

  util::Error broken(util::Error error) {
    context_.reset();
    return error;
  }

  /// Redis closes idle connections and restarts. Found before something is sent, nothing is in doubt.
  bool still_open() const {
    pollfd input{.fd = context_->fd, .events = POLLIN, .revents = 0};
    return poll(&input, 1, 0) == 0;  // nothing was asked: what comes is the end, or out of turn
  }

  void append(std::span<const std::string_view> words) {
    std::array<const char*, 3> texts{};
    std::array<std::size_t, 3> sizes{};
    for (std::size_t i = 0; i < words.size(); ++i) {
      texts[i] = words[i].data();
      sizes[i] = words[i].size();
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data());
  }

  Reply next_reply() {
    void* reply = nullptr;
    errno = 0;
    return Reply(redisGetReply(context_.get(), &reply) == REDIS_OK ? static_cast<redisReply*>(reply) : nullptr);
  }

  /// One command on a fresh connection, which an error ends. `what`: its name in messages.
  util::Result<void> ask(const std::vector<std::string_view>& words, const char* what) {
    append(words);
    const Reply reply = next_reply();
    if (!reply) return broken(trouble(fmt::format("{}: {}", what, fault())));
    if (reply->type != REDIS_REPLY_ERROR) return {};
    return broken(trouble(fmt::format("{} refused: {}", what, std::string_view(reply->str, reply->len))));
  }

  /// Prepares PUBLISH for as many as go into one round trip, and at least one.
  std::size_t write_commands(std::span<const summary::Summary> batch) {
    std::size_t count = 0;
    for (std::size_t octets = 0; count < batch.size() && octets < pipeline_octets; ++count) {
      const summary::Summary& summary = batch[count];
      const std::string message = summary::to_json(summary, form_);
      const auto topic = topics_.find(summary.type);
      const std::array<std::string_view, 3> words = {"PUBLISH", topic == topics_.end() ? summary.type : topic->second,
                                                     message};
      append(words);
      octets += message.size();
    }
    return count;
  }

  /// Also behind an error reply: the commands after it were carried out.
  void read_replies(std::size_t first, std::size_t count, Attempt& attempt) {
    for (std::size_t i = first; i < first + count; ++i) {
      const Reply reply = next_reply();
      if (!reply) {
        // Redis may have got what it did not acknowledge. Sending it again is the lesser evil, and is counted.
        perhaps_twice_ += first + count - i;
        attempt.state = Attempt::State::try_again;
        attempt.why = broken(trouble(fmt::format("PUBLISH: {}", fault()))).message;
        return;
      }
      if (reply->type == REDIS_REPLY_INTEGER) {
        attempt.out[i] = true;
        unheard_ += reply->integer == 0;
      } else if (attempt.state == Attempt::State::sent) {
        attempt.state = Attempt::State::try_again;
        attempt.why = trouble(fmt::format("PUBLISH refused: {}", reply->type == REDIS_REPLY_ERROR
                                                                     ? std::string_view(reply->str, reply->len)
                                                                     : "a reply of another kind"))
                          .message;
      }
    }
  }

  RedisUrl url_;
  summary::Form form_;
  std::map<std::string, std::string> topics_;
  Context context_{nullptr, redisFree};
  std::atomic<std::uint64_t> unheard_ = 0, perhaps_twice_ = 0;
};

/// The password from where the settings say. Errors: from more than one place, or not to be had.
util::Result<void> find_password(const Settings& settings, RedisUrl& url) {
  const std::string where = "channel " + url.text();
  if (!url.password.empty() + !settings.password_file.empty() + !settings.password_env.empty() > 1)
    return util::Error{where + ": has its password from one of: the URL, password_file, password_env"};
  if (!settings.password_file.empty()) {
    auto content = util::read_secret(settings.password_file, 0040);
    if (!content) return util::Error{fmt::format("{}: password_file {}", where, content.error().message)};
    url.password = util::without_line_end(*content);
  }
  if (!settings.password_env.empty()) {
    const char* value = std::getenv(settings.password_env.c_str());
    if (value == nullptr || *value == '\0')
      return util::Error{fmt::format("{}: password_env: the environment has no {}", where, settings.password_env)};
    url.password = value;
  }
  return {};
}

}  // namespace

util::Result<std::unique_ptr<Channel>> open_redis_channel(const Settings& settings) {
  auto url = parse_redis_url(settings.url);
  if (!url) return url.error();
  if (auto found = find_password(settings, *url); !found) return found.error();
  return {std::make_unique<RedisChannel>(std::move(*url), settings)};
}

}  // namespace rata::channel
