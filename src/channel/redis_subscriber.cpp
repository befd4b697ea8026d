#include "channel/redis_subscriber.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace rata::channel {
namespace {

constexpr std::size_t most_gaps = 16;

RedisSubscriberConfig with_default(RedisSubscriberConfig config) {
  if (config.channels.empty() && config.patterns.empty()) config.patterns = {"*"};
  return config;
}

util::Time now() { return util::Clock::system().now(); }

util::Time wall_time(std::chrono::steady_clock::time_point moment) {
  const std::chrono::nanoseconds ago = std::chrono::steady_clock::now() - moment;
  return {now().ns - ago.count()};
}

std::vector<std::string_view> command(std::string_view name, const std::vector<std::string>& arguments) {
  std::vector<std::string_view> words = {name};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

util::Result<std::unique_ptr<RedisSubscriber>> RedisSubscriber::start(std::string name,
                                                                      const RedisSubscriberConfig& config, Take take,
                                                                      Report report) {
  auto connection = RedisConnection::make(config.server, config.most_message_octets);
  if (!connection) return connection.error();
  return std::unique_ptr<RedisSubscriber>(
      new RedisSubscriber(std::move(name), config, std::move(*connection), std::move(take), std::move(report)));
}

RedisSubscriber::RedisSubscriber(std::string name, const RedisSubscriberConfig& config,
                                 std::unique_ptr<RedisConnection> connection, Take take, Report report)
    : name_(std::move(name)),
      config_(with_default(config)),
      only_summaries_(config.channels.empty() && config.patterns.empty()),
      connection_(std::move(connection)),
      take_(std::move(take)),
      report_(std::move(report)),
      hearing_({.trouble = "not connected yet", .since = now()}),
      chance_(config.seed),
      thread_([this] { run(); }) {}

RedisSubscriber::~RedisSubscriber() {
  stopping_ = true;
  connection_->interrupt();
  thread_.join();
}

void RedisSubscriber::run() {
  auto pause = config_.first_retry;
  while (!stopping_) {
    const auto begin = Clock::now();
    const util::Error error = hear();
    if (stopping_) return;
    note_trouble(error);
    // One that lets us in and throws us out again is not asked ten times a second.
    if (Clock::now() - begin > config_.longest_retry) pause = config_.first_retry;
    connection_->rest(with_chance(pause));
    pause = std::min(pause * 2, config_.longest_retry);
  }
}

/// So that many who lost the same Redis do not come back at the same moment.
std::chrono::milliseconds RedisSubscriber::with_chance(std::chrono::milliseconds pause) {
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::chrono::milliseconds::rep>(pause.count() / 2, pause.count())(chance_));
}

/// Hears until that is over, and says why.
util::Error RedisSubscriber::hear() {
  if (auto subscribed = subscribe(); !subscribed) return subscribed.error();
  note_hearing();
  std::optional<Clock::time_point> pinged;
  auto next_ping = Clock::now() + config_.ping_every;
  while (true) {
    auto reply = connection_->next(next_ping, "subscription");
    if (!reply) return reply.error();
    if (*reply)
      if (auto taken = take_reply(**reply); !taken) return taken.error();
    if (Clock::now() < next_ping) continue;
    // A piece of a large message is a sign of life, too.
    if (pinged && connection_->last_heard() < *pinged) return connection_->broken("subscription: no reply to PING");
    const std::string_view ping[] = {"PING"};
    connection_->append(ping);
    pinged = Clock::now();
    next_ping = *pinged + config_.ping_every;
  }
}

/// Until Redis has confirmed each subscription. PING comes first: a user who may not is told so now.
util::Result<void> RedisSubscriber::subscribe() {
  connection_->close();  // a subscribed one takes no login
  if (auto opened = connection_->open(); !opened) return opened;
  if (auto pinged = connection_->ask({"PING"}, "PING"); !pinged) return pinged.error();
  unconfirmed_ = config_.channels.size() + config_.patterns.size();
  if (!config_.channels.empty()) connection_->append(command("SUBSCRIBE", config_.channels));
  if (!config_.patterns.empty()) connection_->append(command("PSUBSCRIBE", config_.patterns));
  while (unconfirmed_ > 0) {
    auto reply = connection_->reply("SUBSCRIBE");
    if (!reply) return reply.error();
    if (auto taken = take_reply(*reply); !taken) return taken;
  }
  return {};
}

/// Of a connection that is subscribed: messages, confirmations, PING's replies. Source: Redis' documentation, Pub/Sub,
/// format of pushed messages. Errors: anything else.
util::Result<void> RedisSubscriber::take_reply(const RedisReply& reply) {
  const std::string_view kind = reply.text_at(0);
  if (kind == "message" && reply.size() == 3) {
    take_message(reply.text_at(1), reply.text_at(2));
  } else if (kind == "pmessage" && reply.size() == 4) {
    take_message(reply.text_at(2), reply.text_at(3));
  } else if ((kind == "subscribe" || kind == "psubscribe") && unconfirmed_ > 0) {
    --unconfirmed_;
  } else if (kind != "pong") {
    const bool error = reply.kind() == RedisReply::Kind::error;
    return connection_->broken(fmt::format("{} refused: {}", unconfirmed_ > 0 ? "SUBSCRIBE" : "subscription",
                                           error ? reply.text() : "a reply of another kind"));
  }
  return {};
}

void RedisSubscriber::take_message(std::string_view channel, std::string_view message) {
  if (message.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    ++empty_;
  } else if (only_summaries_ && message.front() != '{') {
    ++foreign_;
  } else {
    ++messages_;
    take_(channel, message);
  }
}

void RedisSubscriber::note_hearing() {
  hearing_.with([this](Hearing& hearing) {
    if (troubled_) hearing.gaps.push_back({hearing.since, now()});
    if (hearing.gaps.size() > most_gaps) hearing.gaps.pop_front();
    hearing.trouble.clear();
    hearing.since = now();
  });
  if (std::exchange(heard_before_, true)) ++reconnects_;
  if (!std::exchange(troubled_, false)) return;
  ++gaps_;
  report_(fmt::format("{}: hears again", name_));
}

void RedisSubscriber::note_trouble(const util::Error& error) {
  if (connection_->overflowed()) ++too_large_;
  const bool first = !std::exchange(troubled_, true);
  hearing_.with([&](Hearing& hearing) {
    // Before the first connection the gap began with the start.
    if (first && heard_before_) hearing.since = wall_time(connection_->last_heard());
    hearing.trouble = error.message;
  });
  if (first) report_(fmt::format("{}: {}; trying again", name_, error.message));
}

RedisSubscriber::Counters RedisSubscriber::counters() const {
  return {messages_, empty_, foreign_, too_large_, reconnects_, gaps_};
}

RedisSubscriber::Hearing RedisSubscriber::hearing() const {
  return hearing_.with([](const Hearing& hearing) { return hearing; });
}

}  // namespace rata::channel
