#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "summary/summary.h"
#include "util/result.h"

namespace rata::channel {

/// How an attempt to send ended.
struct Attempt {
  enum class State {
    sent,
    try_again,  ///< nothing of the batch went out; a later attempt may do better
    gone,       ///< the other side has left for good (a closed pipe)
  };
  State state = State::sent;
  std::string why;  ///< what was tried on what, and why it failed
};

/// A way out for summaries: one batch, one attempt. Queue, retry and counters belong to the Sender around it.
/// Thread: one.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual Attempt send(std::span<const summary::Summary> batch) = 0;
};

/// For channels inside one process: gets each batch on the sender's thread.
using Deliver = std::function<void(std::span<const summary::Summary>)>;

/// Opens what a URL names: "stdout:", "file:///var/log/ratadns.jsonl" (appended to, one summary a line), "null:", or
/// "memory:" (`deliver` gets the batches). Errors: what is wrong with the URL, or why the file cannot be written.
util::Result<std::unique_ptr<Channel>> open_channel(const std::string& url, const Deliver& deliver = {});

/// A row of the list of channels.
struct ChannelType {
  std::string_view scheme;
  std::string_view help;
};
std::span<const ChannelType> channel_types();

}  // namespace rata::channel
