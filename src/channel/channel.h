#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "summary/summary.h"
#include "util/result.h"

namespace rata::channel {

/// How an attempt to send ended.
struct Attempt {
  enum class State {
    sent,       ///< the other side has the batch for good, but for what it refused
    try_again,  ///< what neither `out` nor `refused` names did not go out; a later attempt may do better
    gone,       ///< the other side has left for good (a closed pipe)
  };
  State state = State::sent;
  std::string why;  ///< what was tried on what, and why it failed; with `sent`: a trouble that lost nothing
  /// With `try_again`: which of the batch went out all the same and must not be sent again. Empty: none did.
  std::vector<bool> out;
  /// Which of the batch the other side will never take: counted, and not sent again. Empty: none.
  std::vector<bool> refused = {};
  std::string why_refused = {};  ///< what the other side said of them
  /// With `try_again`: the other side asks not to be tried earlier.
  std::optional<std::chrono::milliseconds> retry_after = {};
};

/// What a channel without promises (Redis PUBLISH) does know.
struct BestEffort {
  std::uint64_t unheard = 0;        ///< sent while nobody listened
  std::uint64_t perhaps_twice = 0;  ///< sent again, since it was not known whether they had arrived
};

/// A way out for summaries: one batch, one attempt. Queue, retry and counters belong to the Sender around it.
/// Thread: one, but for `best_effort`.
class Channel {
 public:
  virtual ~Channel() = default;
  /// An attempt after `try_again` gets what is left of the batch.
  virtual Attempt send(std::span<const summary::Summary> batch) = 0;

  /// Tries the way out without sending, and leaves nothing behind. Returns what was found, as "open".
  virtual util::Result<std::string> try_out() { return std::string("open"); }
  /// Asks whether this process may do what becomes necessary only later, with the rights that it has now; leaves
  /// nothing behind. Returns a caveat, "" for none. Errors: what it may not do, and what would help.
  virtual util::Result<std::string> try_going_on() { return std::string(); }
  /// Thread: any.
  virtual BestEffort best_effort() const { return {}; }
};

/// For channels inside one process: gets each batch on the sender's thread.
using Deliver = std::function<void(std::span<const summary::Summary>)>;

enum class Compression { none, gzip, zstd };

/// When what a spool was given is asked to be on the disk itself, where a loss of power does not reach it.
enum class Fsync {
  always,  ///< before it counts as kept
  second,  ///< within a second; a crash of the program loses nothing all the same
  never,   ///< when the system likes
};

/// A [[channel]] of the configuration. What a kind of channel takes beside `url` stands in `ChannelType::options`.
struct Settings {
  std::string url;
  summary::Form form = summary::Form::own;

  /// Redis: the channel's name there by reducer; who is not in it: the reducer's name.
  std::map<std::string, std::string> topics;
  std::string password_file;  ///< its content, without a line's end, is the password
  std::string password_env;   ///< name of the environment variable that holds it
  /// Aggregator: as those of the password.
  std::string token_file, token_env;
  std::vector<std::string> servers;  ///< not of the file: `try_out` asks whether it may send for these
  std::string ca_file;               ///< TLS: PEM, the authorities to trust; empty: the system's
  std::string certificate_file;      ///< TLS: PEM, shown to a server that asks for one
  std::string key_file;              ///< ... its key, readable by its owner and group only

  std::uint64_t rotate_mib = 0;      ///< files: finished before they grow beyond this; 0: never
  std::uint64_t rotate_seconds = 0;  ///< files: finished when this much of UTC is over; 0: never
  std::uint64_t keep = 0;            ///< files: how many finished ones stay; 0: all
  Compression compress = Compression::none;

  /// Any kind of channel: what is not sent yet waits on disk, too (channel/spool.h).
  struct Spool {
    std::string path;                ///< a folder of its own, made when it is not there
    std::uint64_t limit_mib = 1024;  ///< beyond it the oldest that waits goes
    Fsync fsync = Fsync::second;

    friend bool operator==(const Spool&, const Spool&) = default;
  };
  std::optional<Spool> spool;

  friend bool operator==(const Settings&, const Settings&) = default;
};

/// Opens what the URL names: `channel_types` lists them. `memory:` hands each batch to `deliver`. Redis is not asked
/// yet: one that is down is waited for. Errors: what is wrong with the settings, or why the file cannot be written.
util::Result<std::unique_ptr<Channel>> open_channel(const Settings& settings, const Deliver& deliver = {});

/// A URL as it may be shown and logged: without the password.
std::string shown_url(std::string_view url);

/// A row of the list of channels.
struct ChannelType {
  std::string_view scheme;   ///< what URLs of it begin with
  std::string_view pattern;  ///< what they look like
  std::string_view help;
  std::string_view options;  ///< the keys of [[channel]] that it takes beside name and url, with blanks between
  bool topics = false;       ///< `send` may name a topic
};
std::span<const ChannelType> channel_types();
/// nullptr when no kind of channel has such URLs.
const ChannelType* find_channel_type(std::string_view url);

}  // namespace rata::channel
