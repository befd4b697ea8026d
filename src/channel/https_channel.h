#pragma once

#include <memory>

#include "channel/channel.h"
#include "channel/https_client.h"
#include "util/result.h"

namespace rata::channel {

/// To an aggregator (docs/api.md, summaries): what it has acknowledged is on its disk; what it has not is sent again,
/// which does no harm, since every summary says which it is. Connects when there is something to send, over one
/// connection that is kept. Errors: what is wrong with the URL, the token's file or variable, or the files for TLS.
/// Not handled: how long the system's resolver takes over a host's name; proxies.
util::Result<std::unique_ptr<Channel>> open_https_channel(const Settings& settings, HttpsPatience patience = {});

}  // namespace rata::channel
