#include "hub/keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

namespace rata::hub {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::seconds later{5};
// At the end, for panes that the next start would otherwise make of the journal.
constexpr std::chrono::milliseconds last_patience{2000};

serve::Receipt refusal(unsigned status, const std::string& why) {
  return {.status = status,
          .json = ordered_json{{"error", why}}.dump(-1, ' ', false, ordered_json::error_handler_t::replace)};
}

}  // namespace

struct Keeper::Work {
  explicit Work(std::string octets, std::function<void(serve::Receipt)> to = {})
      : lines(std::move(octets)), answer(std::move(to)) {}

  std::string lines;                           ///< what the entries of `batch` lie in
  std::function<void(serve::Receipt)> answer;  ///< empty: nobody waits
  Batch batch;
  std::uint64_t committed = 0, repeated = 0;
};

Keeper::Keeper(std::unique_ptr<store::Store> store, serve::SharedAggregator& aggregator, std::size_t monitors_limit,
               double clock_tolerance_seconds, Report report)
    : store_(std::move(store)),
      aggregator_(aggregator),
      roster_(monitors_limit),
      clock_tolerance_ns_(static_cast<std::int64_t>(clock_tolerance_seconds * 1e9)),
      report_(std::move(report)) {}

util::Result<void> Keeper::restore(unsigned minutes, util::Time now) {
  const util::Time since{now.ns - std::int64_t{60} * minutes * util::ns_per_second};
  auto summaries = store_->recent(since, true);
  if (!summaries) return summaries.error();
  aggregator_.with([&](auto& aggregator) {
    aggregator->set_ceiling({now.ns + clock_tolerance_ns_});
    for (const summary::Summary& summary : *summaries) aggregator->add(summary);
  });
  for (const summary::Summary& summary : *summaries) roster_.remember(summary);
  return {};
}

void Keeper::take(Inbox::Taken taken, util::Time now) {
  std::deque<Work> works = read(std::move(taken), now);
  aggregator_.with([&](auto& aggregator) { aggregator->set_ceiling({now.ns + clock_tolerance_ns_}); });
  if (!works.empty()) commit(works, now);
}

std::deque<Keeper::Work> Keeper::read(Inbox::Taken taken, util::Time now) {
  std::deque<Work> works;  // where they are they stay: entries point into their lines
  for (Inbox::Posted& posted : taken.deliveries) {
    ++counters_.batches;
    auto lines = unpack(posted.delivery);
    if (!lines) {
      ++counters_.unreadable_batches;
      posted.answer(refusal(400, lines.error().message));
      continue;
    }
    Work& work = works.emplace_back(std::move(*lines), std::move(posted.answer));
    work.batch = read_batch(work.lines, posted.delivery.servers, now);
    counters_.lines += work.batch.refused.size() + work.batch.entries.size();
    counters_.refused_lines += work.batch.refused.size();
  }
  for (std::string& message : taken.messages) {
    ++counters_.messages;
    Work& work = works.emplace_back(std::move(message));
    work.batch = read_batch(work.lines, {}, now);
    counters_.lines += work.batch.refused.size() + work.batch.entries.size();
    counters_.refused_lines += work.batch.refused.size();
    counters_.unreadable_messages += work.batch.refused.size();
  }
  return works;
}

/// One transaction for all of them.
void Keeper::commit(std::deque<Work>& works, util::Time now) {
  std::vector<store::Received> received;
  for (const Work& work : works)
    for (const Batch::Entry& entry : work.batch.entries) received.push_back({entry.text, entry.summary});
  const auto answers = store_->commit(received, now);
  note(answers ? util::Result<void>{} : answers.error());
  if (!answers) return put_off(works, answers.error().message);
  auto answer = answers->cbegin();
  for (Work& work : works) settle(work, answer, now);
}

void Keeper::settle(Work& work, std::vector<store::Answer>::const_iterator& answer, util::Time now) {
  using store::Verdict;
  aggregator_.with([&](auto& aggregator) {
    for (const Batch::Entry& entry : work.batch.entries) {
      const store::Answer& one = *answer++;
      if (one.verdict == Verdict::fresh) {
        ++work.committed;
        roster_.note(entry.summary, now);
        aggregator->add(entry.summary);
      } else if (one.verdict == Verdict::repeated) {
        ++work.repeated;
      } else {
        work.batch.refused.push_back(
            {entry.line, one.verdict == Verdict::too_old ? "older than all that is kept" : one.why});
      }
    }
  });
  if (!work.answer) return;
  ordered_json json = {{"committed", work.committed}, {"repeated", work.repeated}, {"refused", ordered_json::array()}};
  std::ranges::sort(work.batch.refused, {}, &Refusal::line);
  for (const Refusal& one : work.batch.refused) json["refused"].push_back({{"line", one.line}, {"why", one.why}});
  work.answer({.status = 200, .json = json.dump(-1, ' ', false, ordered_json::error_handler_t::replace)});
}

void Keeper::put_off(std::deque<Work>& works, const std::string& why) {
  for (Work& work : works) {
    if (!work.answer) {
      counters_.lost_messages += work.batch.entries.size();
      continue;
    }
    ++counters_.later_batches;
    counters_.refused_lines -= work.batch.refused.size();  // they come again
    counters_.put_off_lines += work.batch.refused.size() + work.batch.entries.size();
    serve::Receipt receipt = refusal(503, why);
    receipt.retry_after = later;
    work.answer(std::move(receipt));
  }
}

/// Said once, and once when it is over.
void Keeper::note(util::Result<void> outcome) {
  const std::string why = outcome ? "" : outcome.error().message;
  if (!why.empty() && trouble_.empty()) report_(fmt::format("history: {}; nothing is taken until that is over", why));
  if (why.empty() && !trouble_.empty()) report_("history: works again");
  trouble_ = why;
}

void Keeper::tidy(util::Time now) {
  if (auto flushed = store_->flush(now); !flushed) note(flushed);
  for (const std::string& said : store_->take_notes()) report_("history: " + said);
}

void Keeper::finish(util::Time now) {
  if (const auto flushed = store_->write_open(now, last_patience); !flushed)
    report_(fmt::format("history: {}; what is not written yet is in the journal and counts at the next start",
                        flushed.error().message));
}

}  // namespace rata::hub
