#pragma once

#include <map>
#include <string>
#include <vector>

#include "aggregate/view.h"
#include "serve/views.h"

namespace rata::serve {

/// A board, in which every form of every view is there already. Immutable.
class BoardViews final : public Views {
 public:
  /// `before`: the board made before this one, since that is what the board's newest forms join; null: there is none.
  explicit BoardViews(aggregate::Board board, const BoardViews* before = nullptr);

  std::vector<std::string> names() const override;
  std::vector<aggregate::Scope> scopes() const override;
  std::uint64_t revision(const std::string& name) const override;
  /// A board shows whole addresses and knows no groups.
  Text json(const std::string& name, const Selection& selection) const override;
  Text newest(const std::string& name, const Selection& selection, std::uint64_t since) const override;
  std::map<std::string, std::string> older_names() const override;
  Text older(const std::string& older_name) const override;

 private:
  aggregate::Board board_;
  std::map<std::string, std::uint64_t> revisions_before_;
};

}  // namespace rata::serve
