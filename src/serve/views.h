#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aggregate/scope.h"
#include "serve/access.h"

namespace rata::serve {

/// Which form of a view somebody wants to see.
struct Selection {
  unsigned minutes = 0;
  aggregate::Scope scope = {};
  Visibility addresses = Visibility::full;
  bool sketches = false;  ///< with what they are merged by

  friend auto operator<=>(const Selection&, const Selection&) = default;
};

/// What there is to show. The server asks only for what somebody looks at, once for each revision, and shares it.
/// Thread: the server's alone, while others may be bringing new revisions about: an implementation guards itself.
class Views {
 public:
  using Text = std::shared_ptr<const std::string>;

  virtual ~Views() = default;
  /// Of the views, as in URLs ("rates"); ascending.
  virtual std::vector<std::string> names() const = 0;
  /// The groups and servers that can be asked for, the total left out; ascending.
  virtual std::vector<aggregate::Scope> scopes() const = 0;
  /// Another one whenever any selection of the view shows something else; 0: there is no such view.
  virtual std::uint64_t revision(const std::string& name) const = 0;
  /// The view as a JSON object (docs/api.md). Errors: null when there is no such view, span or scope, or no form of it
  /// that shows so little of addresses.
  virtual Text json(const std::string& name, const Selection& selection) const = 0;
  /// At least what is new for a client that has revision `since`. Null: nothing shorter than `json` joins that.
  virtual Text newest(const std::string& name, const Selection& selection, std::uint64_t since) const = 0;

  /// The older aggregator's events ("server_data_v2") and the view that each of them changes with.
  virtual std::map<std::string, std::string> older_names() const = 0;
  /// Such an event: a JSON list, one element per span, with whole addresses. Null: there is none of that name.
  virtual Text older(const std::string& older_name) const = 0;
};

}  // namespace rata::serve
