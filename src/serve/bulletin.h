#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "aggregate/view.h"

namespace rata::serve {

/// One event of a stream as it goes over the wire, shared by all who listen to it.
using Event = std::shared_ptr<const std::string>;

/// What a listener of the live stream asked for.
struct Selection {
  unsigned minutes = 0;
  std::string server;  ///< empty: all together
};

/// The newest board and status, and the events made of them: each is formatted once, whoever listens.
/// Thread: the server's.
class Bulletin {
 public:
  enum class Form {
    whole,   ///< everything: for a client that has nothing yet, or that missed something
    newest,  ///< what is new since the publication before
  };

  /// `gap`: publications were left out before this one, so that `newest` would not join what the clients have.
  void replace(aggregate::Board board, std::string status_json, bool gap);

  bool empty() const { return status_ == nullptr; }
  const aggregate::Board& board() const { return board_; }
  const std::shared_ptr<const std::string>& status() const { return status_; }
  /// Names of the views that are others than in the publication before, ascending.
  const std::vector<std::string>& changed() const { return changed_; }

  const Event& status_event() const { return status_event_; }
  /// Errors: null when the view is not there, or has no such span or server.
  Event view_event(const std::string& view, const Selection& selection, Form form) const;
  /// The older aggregator's event of that name. Errors: null when no view that changed has it.
  Event older_event(const std::string& name) const;

  /// Names that `older_event` may know, ascending.
  std::vector<std::string> older_names() const;

 private:
  using Key = std::tuple<std::string, unsigned, std::string, Form>;

  aggregate::Board board_;
  std::shared_ptr<const std::string> status_;
  Event status_event_;
  bool gap_ = false;
  std::vector<std::string> changed_;
  mutable std::map<Key, Event> events_;
  mutable std::map<std::string, Event> older_events_;
};

/// Null when the view has no such span.
const aggregate::View::Span* find_span(const aggregate::View& view, unsigned minutes);

/// The wire form of an event. An `event` that is empty and an `id` of 0 are left out.
std::string format_event(std::string_view event, std::uint64_t id, std::string_view data);

}  // namespace rata::serve
