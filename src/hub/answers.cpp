#include "hub/answers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "hub/history_answer.h"
#include "hub/refusal.h"
#include "store/history.h"
#include "util/guarded.h"

namespace rata::hub {
namespace {

using nlohmann::ordered_json;
using Groups = std::map<std::string, std::vector<std::string>>;

class AnswersOfThread final : public Answers {
 public:
  AnswersOfThread(std::unique_ptr<store::HistoryReader> history, std::function<Names()> known, Groups groups)
      : history_(std::move(history)),
        known_(std::move(known)),
        groups_(std::move(groups)),
        thread_([this] { work(); }) {}
  ~AnswersOfThread() override {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void put(serve::Question question, std::function<void(serve::Receipt)> answer) override {
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.size() < most_waiting) {
        waiting_.push_back({std::move(question), std::move(answer)});
        changed_.notify_one();
        return;
      }
    }
    serve::Receipt receipt = refusal(503, "too many questions wait for their answer");
    receipt.retry_after = std::chrono::seconds(1);
    answer(std::move(receipt));
  }

  void show(std::string status_json) override {
    status_.with([&](std::string& held) { held = std::move(status_json); });
  }

  void set_groups(Groups groups) override {
    new_groups_.with([&](auto& held) { held = std::move(groups); });
  }

 private:
  struct Asked {
    serve::Question question;
    std::function<void(serve::Receipt)> answer;
  };

  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
      if (closed_) return;
      Asked asked = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      if (auto groups = new_groups_.with([](auto& held) { return std::exchange(held, std::nullopt); })) {
        groups_ = *groups;
        history_->set_groups(std::move(*groups));
      }
      asked.answer(answer(asked.question));
    }
  }

  serve::Receipt answer(const serve::Question& question) {
    const std::string& path = question.target.path;
    if (auto unknown = unknown_group(question)) return std::move(*unknown);
    if (path == "/api/v1/history") return history_answer(*history_, known_(), question);
    if (path == "/api/v1/history/sum") return sum_answer(*history_, known_(), question);
    if (path == "/api/v1/reducers") return reducers_answer(*history_);
    if (path == "/api/v1/gaps") return gaps_answer(*history_, known_(), question);
    if (path == "/api/v1/servers") return part_of_status("servers");
    if (path == "/api/v1/balance") return part_of_status("balance");
    return refusal(404, "no \"" + path + "\" here; docs/api.md lists what there is");
  }

  std::optional<serve::Receipt> unknown_group(const serve::Question& question) const {
    const std::string* group = question.target.parameter("group");
    if (group == nullptr || group->empty() || groups_.contains(*group)) return std::nullopt;
    std::string there_are;
    for (const auto& [name, servers] : groups_) there_are += (there_are.empty() ? "there are " : ", ") + name;
    return refusal(404, "no group \"" + *group + "\"; " + (there_are.empty() ? "there is none" : there_are));
  }

  serve::Receipt part_of_status(const char* member) {
    const std::string text = status_.with([](const std::string& held) { return held; });
    const ordered_json status = ordered_json::parse(text, nullptr, false);
    if (!status.is_object()) return refusal(503, "starting");
    return {.status = 200, .json = ordered_json{{member, status.at(member)}}.dump()};
  }

  std::unique_ptr<store::HistoryReader> history_;
  util::Guarded<std::string> status_;
  std::function<Names()> known_;
  Groups groups_;  // of the thread
  util::Guarded<std::optional<Groups>> new_groups_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Asked> waiting_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace

util::Result<std::unique_ptr<Answers>> Answers::start(const store::Config& config, std::function<Names()> known) {
  auto history = store::HistoryReader::open(config);
  if (!history) return history.error();
  return std::unique_ptr<Answers>(
      std::make_unique<AnswersOfThread>(std::move(*history), std::move(known), config.groups));
}

}  // namespace rata::hub
