#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "channel/channel.h"
#include "channel/sender.h"
#include "pipeline/books.h"
#include "pipeline/config.h"
#include "util/result.h"

namespace rata::pipeline {

/// How one channel is, for status and metrics.
struct OutletState {
  std::string name;
  std::string url;  ///< as it may be shown
  channel::Sender::Health health;
  channel::Sender::Counters counters;  ///< of all that had this name one after the other
};

/// The ways out of a monitor, and which reducer's results go which ways. They may outlive it: the next monitor goes on
/// with them under another configuration, and their figures go on, too.
/// Thread: one at a time, but for `hurry`, `make_way` and `states`.
class Outlets {
 public:
  using Report = std::function<void(const std::string&)>;

  /// `live`: what has no room is dropped, rather than waited for.
  Outlets(channel::Deliver deliver, bool live, Report report)
      : deliver_(std::move(deliver)), live_(live), report_(std::move(report)) {}

  /// Opens the channels and their spools. One that is open already and the same in `config` goes on untouched, with all
  /// that waits in it. What is there no more, or is another now, sends what waits as in `close`, on a thread of its
  /// own; where both have the same spool the new one waits for that. Errors: one cannot be opened; then those that were
  /// open stay, but for such as had to be closed for their spool.
  util::Result<void> open(const Config& config);

  void send(std::size_t reducer, summary::Summary summary);
  /// See Sender.
  void close();
  void hurry();
  void make_way();
  /// Every other side has left for good.
  bool nobody_listens() const;

  void add_to(Books& books) const;
  std::vector<OutletState> states() const;

 private:
  /// A channel as it was opened.
  struct Opened {
    std::string name;
    channel::Settings settings;
    std::size_t queue_octets = 0;
    std::vector<std::string> secrets;  ///< what was in its files

    friend bool operator==(const Opened&, const Opened&) = default;
  };
  struct Outlet {
    Opened as;
    std::unique_ptr<channel::Sender> sender;
  };
  /// On its way out.
  struct Leaving {
    std::unique_ptr<channel::Sender> sender;
    std::jthread closing;
  };

  using Counters = channel::Sender::Counters;

  static Opened opened_as(const ChannelConfig& channel, const Config& config);
  bool goes_on(const Outlet& outlet, const Config& config) const;
  void close_for_spools(const Config& config);
  util::Result<std::unique_ptr<channel::Sender>> open_one(const Opened& as) const;
  void let_go(std::unique_ptr<channel::Sender> sender);
  void forget_closed();
  void wire(const Config& config);
  Counters counters_of(const channel::Sender& sender) const;

  const channel::Deliver deliver_;
  const bool live_;
  const Report report_;
  std::vector<Outlet> outlets_;
  std::vector<Leaving> leaving_;
  std::map<std::string, Counters> past_;  ///< by name, of senders that are no more
  std::vector<std::vector<channel::Sender*>> by_reducer_;
  std::uint64_t pushed_ = 0;  ///< summaries given to senders, counted apart from what they count
};

}  // namespace rata::pipeline
