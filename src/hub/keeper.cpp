#include "hub/keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

#include "hub/refusal.h"

namespace rata::hub {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::seconds later{5};
// What is worked on at a time, as text; read it takes several times as much.
constexpr std::size_t slice_octets = std::size_t{16} << 20;
// At the end, for panes that the next start would otherwise make of the journal.
constexpr std::chrono::milliseconds last_patience{2000};

}  // namespace

struct Keeper::Work {
  explicit Work(std::string octets, std::function<void(serve::Receipt)> to = {})
      : lines(std::move(octets)), answer(std::move(to)) {}

  std::string lines;                           ///< what the entries of `batch` lie in
  std::function<void(serve::Receipt)> answer;  ///< empty: nobody waits
  std::string access;                          ///< whose token or certificate it came with; empty: nobody's
  std::vector<std::string> servers;            ///< whose summaries they may be; empty: all
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

util::Result<void> Keeper::restore(aggregate::Aggregator& aggregator, unsigned minutes, util::Time now) {
  const util::Time since{now.ns - std::int64_t{60} * minutes * util::ns_per_second};
  auto summaries = store_->recent(since, true);
  if (!summaries) return summaries.error();
  aggregator.set_ceiling({now.ns + clock_tolerance_ns_});
  for (const summary::Summary& summary : *summaries) {
    aggregator.add(summary);
    roster_.remember(summary);
  }
  return {};
}

void Keeper::remember(const std::vector<store::Stream>& streams, util::Time now) {
  for (const store::Stream& stream : streams) roster_.remember(stream.server, stream.monitor, stream.last);
  roster_.forget_silent(now);
}

void Keeper::take(Inbox::Taken taken, util::Time now) {
  aggregator_.with([&](auto& aggregator) { aggregator->set_ceiling({now.ns + clock_tolerance_ns_}); });
  counters_.lines += taken.dropped_messages;
  counters_.messages += taken.dropped_messages;
  counters_.lost_messages += taken.dropped_messages;
  std::deque<Work> slice;  // where they are they stay: entries point into their lines
  std::size_t octets = 0;
  const auto add = [&](std::optional<Work> work) {
    if (!work) return;
    octets += work->lines.size();
    slice.push_back(std::move(*work));
    read(slice.back(), now);
    if (octets < slice_octets) return;
    commit(slice, now);
    slice.clear();
    octets = 0;
  };
  for (Inbox::Posted& posted : taken.deliveries) add(opened(std::move(posted)));
  for (std::string& message : taken.messages) add(Work(std::move(message)));
  if (!slice.empty()) commit(slice, now);
}

/// Nothing: it cannot be opened, and who sent it has been told.
std::optional<Keeper::Work> Keeper::opened(Inbox::Posted posted) {
  ++counters_.batches;
  Unpacked unpacked = unpack(posted.delivery);
  if (unpacked.status == 200) {
    Work work(std::move(unpacked.lines), std::move(posted.answer));
    work.servers = std::move(posted.delivery.servers);
    work.access = std::move(posted.delivery.access);
    return work;
  }
  ++counters_.unreadable_batches;
  // What is too large comes again in halves.
  posted.answer(unpacked.status == 400 ? final_refusal(400, unpacked.why) : refusal(unpacked.status, unpacked.why));
  return std::nullopt;
}

void Keeper::read(Work& work, util::Time now) {
  work.batch = read_batch(work.lines, work.servers, now);
  counters_.lines += work.batch.refused.size() + work.batch.entries.size();
  counters_.refused_lines += work.batch.refused.size();
  if (work.answer) return;
  ++counters_.messages;
  counters_.unreadable_messages += work.batch.refused.size();
}

/// One transaction for all of them.
void Keeper::commit(std::deque<Work>& works, util::Time now) {
  std::vector<store::Received> received;
  for (const Work& work : works)
    for (const Batch::Entry& entry : work.batch.entries) received.push_back({entry.text, entry.summary});
  const auto answers = store_->commit(received, now);
  note(commit_trouble_, "nothing can be taken", answers ? util::Result<void>{} : answers.error());
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
  if (!work.batch.refused.empty()) tell_refused(work, now);
  if (!work.answer) return;
  ordered_json json = {{"committed", work.committed}, {"repeated", work.repeated}, {"refused", ordered_json::array()}};
  std::ranges::sort(work.batch.refused, {}, &Refusal::line);
  for (const Refusal& one : work.batch.refused) json["refused"].push_back({{"line", one.line}, {"why", one.why}});
  work.answer({.status = 200, .json = json.dump(-1, ' ', false, ordered_json::error_handler_t::replace)});
}

/// The first of them, and not every second: the sender is told of each.
void Keeper::tell_refused(const Work& work, util::Time now) {
  constexpr double again_after_seconds = 60;
  if (refused_told_.ns != 0 && util::seconds_between(refused_told_, now) < again_after_seconds) return;
  refused_told_ = now;
  const std::string from = work.answer ? work.access.empty() ? "a batch" : fmt::format("a batch of \"{}\"", work.access)
                                       : std::string("a message from Redis");
  report_(
      fmt::format("{}: {} of its summaries refused; the first: {} (further ones are counted, and said once a minute)",
                  from, work.batch.refused.size(), work.batch.refused.front().why));
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
void Keeper::note(std::string& trouble, const char* what, const util::Result<void>& outcome) {
  const std::string why = outcome ? "" : outcome.error().message;
  if (!why.empty() && trouble.empty()) report_(fmt::format("history: {}: {}; trying again", what, why));
  if (why.empty() && !trouble.empty()) report_(fmt::format("history: {}: works again", what));
  trouble = why;
}

void Keeper::tidy(util::Time now) {
  roster_.forget_silent(now);
  note(flush_trouble_, "panes cannot be written, and wait in the journal", store_->flush(now));
  for (const std::string& said : store_->take_notes()) report_("history: " + said);
}

void Keeper::finish(util::Time now) {
  if (const auto flushed = store_->write_open(now, last_patience); !flushed)
    report_(fmt::format("history: {}; what is not written yet is in the journal and counts at the next start",
                        flushed.error().message));
}

}  // namespace rata::hub
