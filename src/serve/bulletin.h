#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "serve/views.h"

namespace rata::serve {

/// One event of a stream as it goes over the wire, shared by all who listen to it.
using Event = std::shared_ptr<const std::string>;

/// The newest views and status, and the texts and events made of them: each once for a revision, whoever looks.
/// Publications are numbered from 1 on; `EPOCH-NUMBER` names one of them beyond the server's end.
/// Thread: the server's.
class Bulletin {
 public:
  using Revisions = std::map<std::string, std::uint64_t>;

  /// `epoch`: text that no other start of the server has.
  explicit Bulletin(std::string epoch) : epoch_(std::move(epoch)) {}

  void replace(std::shared_ptr<const Views> views, std::string status_json);

  bool empty() const { return status_ == nullptr; }
  const std::shared_ptr<const std::string>& status() const { return status_; }
  std::uint64_t number() const { return number_; }
  /// Of the views, ascending.
  std::vector<std::string> names() const;
  /// Empty before the first publication.
  std::vector<aggregate::Scope> scopes() const;
  /// Names of the views that are others than in the publication before, ascending.
  const std::vector<std::string>& changed() const { return changed_; }
  std::uint64_t revision(const std::string& name) const;

  /// The publication that an event's id names. Nothing: it is of another start, or none yet.
  std::optional<std::uint64_t> number_of(std::string_view id) const;
  /// What the views were then. Null: that is too long ago.
  const Revisions* revisions_at(std::uint64_t number) const;

  /// Errors: null when there is nothing to show for that selection.
  Views::Text view(const std::string& name, const Selection& selection) const;
  /// What is new since revision `since`, where that can be had alone; 0: everything. Errors: as above.
  Event view_event(const std::string& name, const Selection& selection, std::uint64_t since) const;
  const Event& status_event() const { return status_event_; }
  bool status_changed() const { return status_changed_; }  ///< in this publication
  /// What tells a client that it has everything up to the newest publication: an id, and nothing that a page sees.
  const Event& mark() const { return mark_; }

  /// Names that `older_event` may know, ascending.
  std::vector<std::string> older_names() const;
  /// The older aggregator's event of that name. Errors: null when its view did not change.
  Event older_event(const std::string& name) const;

 private:
  using Key = std::tuple<std::string, Selection, std::uint64_t>;  // view, form, since
  struct Publication {
    std::uint64_t number;
    Revisions revisions;
  };

  void forget_changed();
  void keep(std::size_t octets) const;

  const std::string epoch_;
  std::uint64_t number_ = 0;
  std::shared_ptr<const Views> views_;
  std::shared_ptr<const std::string> status_;
  Event status_event_, mark_;
  bool status_changed_ = false;
  std::deque<Publication> publications_;  // the newest last
  std::vector<std::string> changed_;
  mutable std::map<Key, Views::Text> texts_;  // with `since` 0
  mutable std::map<Key, Event> events_;
  mutable std::size_t kept_octets_ = 0;
  mutable std::map<std::string, Event> older_events_;
};

/// The wire form of an event. An `event` that is empty is left out.
std::string format_event(std::string_view event, std::string_view data);

}  // namespace rata::serve
