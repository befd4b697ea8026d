#include "channel/redis_channel.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "channel/redis_connection.h"

namespace rata::channel {
namespace {

/// Written before the replies are read: enough to pay for the round trip, little enough to keep in memory.
constexpr std::size_t pipeline_octets = 1u << 20;

/// What is answered to PUBLISH is a number or a line.
constexpr std::size_t most_reply_octets = 1u << 20;

class RedisChannel final : public Channel {
 public:
  RedisChannel(std::unique_ptr<RedisConnection> connection, const Settings& settings)
      : connection_(std::move(connection)), form_(settings.form), topics_(settings.topics) {}

  Attempt send(std::span<const summary::Summary> batch) override {
    if (auto opened = connection_->open(); !opened) return {Attempt::State::try_again, opened.error().message, {}};
    Attempt attempt;
    attempt.out.resize(batch.size());
    for (std::size_t first = 0; first < batch.size() && attempt.state == Attempt::State::sent;) {
      const std::size_t count = append_commands(batch.subspan(first));
      read_replies(first, count, attempt);
      first += count;
    }
    return attempt;
  }

  util::Result<std::string> try_out() override {
    if (auto opened = connection_->open(); !opened) return opened.error();
    if (auto pinged = connection_->ask({"PING"}, "PING"); !pinged) return pinged.error();
    return std::string("answers");
  }

  BestEffort best_effort() const override { return {unheard_, perhaps_twice_}; }

 private:
  /// Prepares PUBLISH for as many as go into one round trip, and at least one.
  std::size_t append_commands(std::span<const summary::Summary> batch) {
    std::size_t count = 0;
    for (std::size_t octets = 0; count < batch.size() && octets < pipeline_octets; ++count) {
      const summary::Summary& summary = batch[count];
      const std::string message = summary::to_json(summary, form_);
      const auto topic = topics_.find(summary.type);
      const std::string_view words[] = {"PUBLISH", topic == topics_.end() ? summary.type : topic->second, message};
      connection_->append(words);
      octets += message.size();
    }
    return count;
  }

  /// Also behind an error reply: the commands after it were carried out.
  void read_replies(std::size_t first, std::size_t count, Attempt& attempt) {
    for (std::size_t i = first; i < first + count; ++i) {
      const auto reply = connection_->reply("PUBLISH");
      if (!reply) {
        // Redis may have got what it did not acknowledge. Sending it again is the lesser evil, and is counted.
        perhaps_twice_ += first + count - i;
        attempt.state = Attempt::State::try_again;
        attempt.why = reply.error().message;
        return;
      }
      if (reply->kind() == RedisReply::Kind::number) {
        attempt.out[i] = true;
        unheard_ += reply->number() == 0;
      } else if (attempt.state == Attempt::State::sent) {
        const bool error = reply->kind() == RedisReply::Kind::error;
        attempt.state = Attempt::State::try_again;
        attempt.why =
            connection_->trouble(fmt::format("PUBLISH refused: {}", error ? reply->text() : "a reply of another kind"))
                .message;
      }
    }
  }

  std::unique_ptr<RedisConnection> connection_;
  summary::Form form_;
  std::map<std::string, std::string> topics_;
  std::atomic<std::uint64_t> unheard_ = 0, perhaps_twice_ = 0;
};

}  // namespace

util::Result<std::unique_ptr<Channel>> open_redis_channel(const Settings& settings) {
  auto connection = RedisConnection::make(settings, most_reply_octets);
  if (!connection) return connection.error();
  return {std::make_unique<RedisChannel>(std::move(*connection), settings)};
}

}  // namespace rata::channel
