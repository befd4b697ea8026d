#pragma once

#include <memory>

#include "channel/channel.h"
#include "util/result.h"

namespace rata::channel {

/// Redis PUBLISH: one message a summary, to the channel that `topics` names. Connects when there is something to send,
/// and again after every trouble. Best effort: Redis keeps no message for who is not there; those that nobody heard are
/// counted. Errors: what is wrong with the URL, the password's file or variable, or the files for TLS.
util::Result<std::unique_ptr<Channel>> open_redis_channel(const Settings& settings);

}  // namespace rata::channel
