#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "serve/bulletin.h"
#include "serve/tally.h"

namespace rata::serve {

/// What one client of an event stream still has to get. However slow the client, this stays small.
/// Thread: the server's.
class Listener {
 public:
  virtual ~Listener() = default;
  /// A new publication is there.
  virtual void published() = 0;
  /// The next event to send; null: nothing until the next publication.
  virtual Event next() = 0;
  /// Whether comment lines may keep a silent stream alive.
  virtual bool comments() const = 0;
};

/// The live stream: status and every view for one selection. Only names wait, not events: a client that comes back to
/// read gets the newest state of each, and what was overtaken counts as dropped. With the last of what waits the client
/// is told the publication's id, by which it can go on after a lost connection.
class LiveListener final : public Listener {
 public:
  /// `last_event_id`: what the client had got to; empty: nothing.
  LiveListener(const Bulletin& bulletin, Selection selection, std::string_view last_event_id, Tally& tally);

  void published() override;
  Event next() override;
  bool comments() const override { return true; }

 private:
  void resume(std::uint64_t number, const Bulletin::Revisions& revisions);
  void announce(const std::string& name);
  Event event(const std::string& name);

  const Bulletin& bulletin_;
  const Selection selection_;
  Tally& tally_;
  std::deque<std::string> due_;  // in the order in which they changed, each name once
  Bulletin::Revisions has_;      // what the client has of each view
  std::uint64_t told_ = 0;       // the publication up to which it knows that it has everything
};

/// The older aggregator's stream: every event from the connection on, none replaced by a newer one. Beyond the limit
/// the oldest go.
class OlderListener final : public Listener {
 public:
  OlderListener(const Bulletin& bulletin, std::string name, std::size_t limit_octets, Tally& tally);

  void published() override;
  Event next() override;
  bool comments() const override { return false; }

 private:
  const Bulletin& bulletin_;
  const std::string name_;
  const std::size_t limit_octets_;
  Tally& tally_;
  std::deque<Event> waiting_;
  std::size_t waiting_octets_ = 0;
};

}  // namespace rata::serve
