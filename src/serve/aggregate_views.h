#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aggregate/aggregator.h"
#include "serve/views.h"
#include "util/guarded.h"

namespace rata::serve {

using SharedAggregator = util::Guarded<std::unique_ptr<aggregate::Aggregator>>;

/// What an aggregator has to show as of one moment. Which views there are and their revisions are those of that moment;
/// what is in them is of when it is asked for, and may be newer: then the next moment says it again.
/// Lifetime: the aggregator's.
class AggregateViews final : public Views {
 public:
  /// Settles what the aggregator has got.
  explicit AggregateViews(const SharedAggregator& aggregator);

  std::vector<std::string> names() const override;
  std::vector<aggregate::Scope> scopes() const override { return scopes_; }
  std::uint64_t revision(const std::string& name) const override;
  Text json(const std::string& name, const Selection& selection) const override;
  Text newest(const std::string& name, const Selection& selection, std::uint64_t since) const override;
  std::map<std::string, std::string> older_names() const override { return older_names_; }
  Text older(const std::string& older_name) const override;

 private:
  const SharedAggregator& aggregator_;
  std::map<std::string, std::uint64_t> revisions_;
  std::vector<aggregate::Scope> scopes_;
  std::map<std::string, std::string> older_names_;
};

}  // namespace rata::serve
