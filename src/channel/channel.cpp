#include "channel/channel.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "channel/file_channel.h"
#include "channel/https_channel.h"
#include "channel/lines.h"
#include "channel/redis_channel.h"

namespace rata::channel {
namespace {

class MemoryChannel final : public Channel {
 public:
  explicit MemoryChannel(Deliver deliver) : deliver_(std::move(deliver)) {}
  Attempt send(std::span<const summary::Summary> batch) override {
    deliver_(batch);
    return {};
  }

 private:
  Deliver deliver_;
};

class NullChannel final : public Channel {
 public:
  Attempt send(std::span<const summary::Summary>) override { return {}; }
};

constexpr ChannelType types[] = {
    {"stdout:", "stdout:", "one summary a line on standard output", "form"},
    {"file://", "file:///PATH", "one summary a line, appended to a file, which may rotate and be compressed",
     "form rotate_mib rotate_seconds keep compress"},
    {"redis://", "redis://[USER:PASSWORD@]HOST[:PORT][/DB]", "PUBLISH: one message a summary, to the channel `topic`",
     "form password_file password_env", true},
    {"rediss://", "rediss://[USER:PASSWORD@]HOST[:PORT][/DB]", "the same over TLS",
     "form password_file password_env ca_file certificate_file key_file", true},
    {"https://", "https://HOST[:PORT][/PREFIX]", "an aggregator, which acknowledges what is on its disk",
     "token_file token_env ca_file certificate_file key_file"},
    {"http://", "http://localhost[:PORT][/PREFIX]", "the same on this machine, without TLS", "token_file token_env"},
    {"memory:", "memory:", "the aggregator in the same process (run)", ""},
    {"null:", "null:", "nowhere", ""},
};

using Opened = util::Result<std::unique_ptr<Channel>>;

Opened open_memory(const Deliver& deliver) {
  if (!deliver)
    return util::Error{"channel memory: leads to the aggregator of the same process, which only `ratadns run` has"};
  return {std::make_unique<MemoryChannel>(deliver)};
}

}  // namespace

std::span<const ChannelType> channel_types() { return types; }

const ChannelType* find_channel_type(std::string_view url) {
  const auto found = std::ranges::find_if(types, [&](const ChannelType& type) { return url.starts_with(type.scheme); });
  return found == std::end(types) ? nullptr : &*found;
}

Opened open_channel(const Settings& settings, const Deliver& deliver) {
  const std::string& url = settings.url;
  if (url == "stdout:") return {make_line_channel(STDOUT_FILENO, "standard output", settings.form)};
  if (url.starts_with("file://")) return open_file_channel(settings);
  if (url.starts_with("redis://") || url.starts_with("rediss://")) return open_redis_channel(settings);
  if (url.starts_with("https://") || url.starts_with("http://")) return open_https_channel(settings);
  if (url == "null:") return {std::make_unique<NullChannel>()};
  if (url == "memory:") return open_memory(deliver);
  std::string known;
  for (const ChannelType& type : types) known += fmt::format("{}{}", known.empty() ? "" : ", ", type.pattern);
  return util::Error{fmt::format("channel {}: no such kind of channel; there are: {}", shown_url(url), known)};
}

}  // namespace rata::channel
