#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/names.h"
#include "serve/question.h"
#include "store/config.h"
#include "util/result.h"

namespace rata::hub {

/// Answers what takes time, one question after the other, on a thread of its own: /api/v1/history, /api/v1/history/sum,
/// /api/v1/reducers, /api/v1/gaps, /api/v1/servers, /api/v1/balance (docs/api.md). So a long look into the past keeps
/// neither monitors nor pages waiting.
class Answers {
 public:
  static constexpr std::size_t most_waiting = 64;  ///< further ones are told to come again

  /// `known`: names that are no mistake though the history has nothing of them yet; thread: that of the answers.
  /// Errors: the history cannot be read.
  static util::Result<std::unique_ptr<Answers>> start(const store::Config& config, std::function<Names()> known);
  virtual ~Answers() = default;

  /// Thread: any; returns at once.
  virtual void put(serve::Question question, std::function<void(serve::Receipt)> answer) = 0;
  /// The newest status, which servers and balance are taken from. Thread: any.
  virtual void show(std::string status_json) = 0;
  /// As HistoryReader::set_groups. Thread: any.
  virtual void set_groups(std::map<std::string, std::vector<std::string>> groups) = 0;
};

}  // namespace rata::hub
