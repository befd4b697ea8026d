#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "serve/server.h"
#include "serve/views.h"

namespace rata::serve {

/// A view in every form that it can be asked for. Immutable and shared.
struct SampleView {
  struct Span {
    unsigned minutes = 0;
    /// JSON object by server name; "" holds all servers together.
    std::map<std::string, std::string> json_by_server;
    /// What the event stream sends instead, where that is shorter; empty: the same.
    std::map<std::string, std::string> live_json_by_server;
  };

  std::uint64_t revision = 0;
  std::vector<Span> spans;
  std::map<std::string, std::string> older_json;  ///< events by the older names
};

using Board = std::map<std::string, std::shared_ptr<const SampleView>>;

/// A board, in which every form of every view is there already. Revisions are taken to be one after the other: what is
/// newest joins the one before. Immutable.
class BoardViews final : public Views {
 public:
  explicit BoardViews(Board board) : board_(std::move(board)) {}

  std::vector<std::string> names() const override;
  std::vector<aggregate::Scope> scopes() const override;
  std::uint64_t revision(const std::string& name) const override;
  /// A board shows whole addresses and knows no groups.
  Text json(const std::string& name, const Selection& selection) const override;
  Text newest(const std::string& name, const Selection& selection, std::uint64_t since) const override;
  std::map<std::string, std::string> older_names() const override;
  Text older(const std::string& older_name) const override;

 private:
  Board board_;
};

void publish(Server& server, Board board, std::string status_json);

}  // namespace rata::serve
