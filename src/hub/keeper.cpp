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
// Writing panes goes on after a rest, when nothing else is to be done, in slices that nobody has to wait long for;
// when it falls behind it has its turn regardless.
constexpr std::chrono::seconds tidy_after{1}, tidy_regardless_after{5};
constexpr std::chrono::milliseconds tidy_slice{20};
constexpr std::chrono::milliseconds derive_after{1000}, derive_again_after{50};  // while something is made

aggregate::Reach reach_of(store::Recent::Part part) {
  using store::Recent;
  if (part == Recent::Part::total) return aggregate::Reach::total;
  return part == Recent::Part::below_total ? aggregate::Reach::below_total : aggregate::Reach::everywhere;
}

}  // namespace

struct Keeper::Work {
  explicit Work(std::string octets, std::function<void(serve::Receipt)> to = {})
      : lines(std::move(octets)), answer(std::move(to)) {}

  std::string lines;                           ///< what the entries of `batch` lie in
  std::string frame;                           ///< these as they came, if they were packed
  std::function<void(serve::Receipt)> answer;  ///< empty: nobody waits
  std::string access;                          ///< whose token or certificate it came with; empty: nobody's
  std::vector<std::string> servers;            ///< whose summaries they may be; empty: all
  Batch batch;
  std::uint64_t committed = 0, repeated = 0;

  /// Packed, each line ended, and none empty or refused.
  bool came_as_kept() const {
    std::size_t octets = 0;
    for (const Batch::Entry& entry : batch.entries) octets += entry.text.size() + 1;
    return !frame.empty() && !batch.entries.empty() && octets == lines.size() && lines.back() == '\n';
  }
};

Keeper::Keeper(std::unique_ptr<store::Store> store, serve::SharedAggregator& aggregator, std::size_t servers_limit,
               double clock_tolerance_seconds, Report report)
    : store_(std::move(store)),
      aggregator_(aggregator),
      most_servers_(servers_limit),
      roster_(servers_limit),
      clock_tolerance_ns_(static_cast<std::int64_t>(clock_tolerance_seconds * 1e9)),
      report_(std::move(report)) {}

util::Result<std::unique_ptr<store::Recent>> Keeper::recent(unsigned minutes, util::Time now) {
  return store_->recent(60 * minutes, now, most_servers_);
}

util::Result<void> Keeper::restore(unsigned minutes, util::Time now) {
  auto rest = recent(minutes, now);
  if (!rest) return rest.error();
  shown_rest_ = std::move(*rest);
  shown_minutes_ = minutes;
  restored_at_ = now;
  aggregator_.with([&](auto& aggregator) { aggregator->set_ceiling({now.ns + clock_tolerance_ns_}); });
  return {};
}

util::Result<void> Keeper::prepare(std::unique_ptr<aggregate::Aggregator> aggregator, unsigned minutes,
                                   util::Time now) {
  auto rest = recent(minutes, now);
  if (!rest) return rest.error();
  prepared_ = {std::move(aggregator), std::move(*rest), minutes};
  prepared_.aggregator->set_ceiling({now.ns + clock_tolerance_ns_});
  return {};
}

void Keeper::show_prepared() {
  aggregator_.with([&](auto& shown) {
    view_counters_.replace(shown->counters(), prepared_.aggregator->counters());
    std::swap(shown, prepared_.aggregator);
  });
  shown_rest_ = std::move(prepared_.rest);
  shown_minutes_ = prepared_.minutes;
  lacks_before_.reset();
  drop_prepared();  // the one that was shown: after the lock
}

bool Keeper::replay_some(util::Time now) {
  const auto replayed = store_->replay_next(now);
  note(commit_trouble_, "its journal cannot be read, and nothing can be taken", replayed);
  if (!replayed || !is_ready()) return static_cast<bool>(replayed);
  for (store::Recent* const rest : {shown_rest_.get(), prepared_.rest.get()})
    if (rest != nullptr) rest->add_open();
  return true;
}

util::Result<void> Keeper::restore_some(std::chrono::milliseconds patience, util::Time now) {
  const bool prepares = prepared_.rest != nullptr;
  std::unique_ptr<store::Recent>& rest = prepares ? prepared_.rest : shown_rest_;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while ((rest != nullptr || !is_ready()) && std::chrono::steady_clock::now() < deadline) {
    // What is not in panes yet waits until the last minute of all that are is shown.
    const bool begins = rest != nullptr && !rest->is_done() && rest->full_since() >= restored_at_;
    if (!is_ready() && !begins) {
      if (!replay_some(now)) return {};
      continue;
    }
    const auto some = rest->next();
    if (!some) {
      if (!prepares) lacks_before_ = rest->full_since();
      return some.error();
    }
    give(*some, prepares);
    if (is_ready() && rest->is_done()) rest.reset();
  }
  return {};
}

void Keeper::hear(const summary::Summary& summary) {
  names_.with([&](Names& names) {
    names.servers.insert(summary.server);
    names.reducers.insert(summary.type);
  });
}

void Keeper::give(const store::Recent::Some& some, bool prepares) {
  const auto add = [&](aggregate::Aggregator& aggregator) {
    for (const summary::Summary& summary : some.summaries) aggregator.add(summary, reach_of(some.part));
  };
  for (const summary::Summary& summary : some.summaries) {
    if (some.part == store::Recent::Part::total) break;  // of no server
    roster_.remember(summary);
    hear(summary);
  }
  if (some.summaries.empty()) return;
  if (prepares)
    add(*prepared_.aggregator);
  else
    aggregator_.with([&](auto& shown) { add(*shown); });
}

std::optional<Restoring> Keeper::restoring(util::Time watermark) const {
  if (!is_ready()) return Restoring{restored_at_};
  if (lacks_before_ && util::seconds_between(*lacks_before_, watermark) < 60.0 * shown_minutes_)
    return Restoring{*lacks_before_, true};
  if (shown_rest_ == nullptr) return std::nullopt;
  return Restoring{shown_rest_->full_since()};
}

void Keeper::remember(const std::vector<store::Stream>& streams, util::Time now) {
  for (const store::Stream& stream : streams) roster_.remember(stream.server, stream.monitor, stream.last);
  roster_.forget_silent(now);
}

void Keeper::take(Inbox::Taken taken, util::Time now) {
  aggregator_.with([&](auto& aggregator) { aggregator->set_ceiling({now.ns + clock_tolerance_ns_}); });
  if (prepared_.aggregator) prepared_.aggregator->set_ceiling({now.ns + clock_tolerance_ns_});
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
    if (posted.delivery.zstd) work.frame = std::move(posted.delivery.octets);
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
  if (!is_ready()) return put_off(works, "what came before the start is not read yet");
  std::vector<store::Received> received;
  std::vector<store::Packed> packed;
  for (const Work& work : works) {
    if (work.came_as_kept()) packed.push_back({received.size(), work.batch.entries.size(), work.frame});
    for (const Batch::Entry& entry : work.batch.entries) received.push_back({entry.text, entry.summary});
  }
  const auto answers = store_->commit(received, now, packed);
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
        roster_.note(*entry.summary, now);
        hear(*entry.summary);
        aggregator->add(*entry.summary);
        if (prepared_.aggregator) prepared_.aggregator->add(*entry.summary);
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

bool Keeper::is_tidying_due(bool is_idle) const {
  const auto rested = std::chrono::steady_clock::now() - tidied_;
  return (is_idle && rested >= tidy_after) || rested >= tidy_regardless_after || store_->is_full();
}

/// Whoever makes them has the processor only when nobody else wants it: it must not wait for more to do.
void Keeper::derive(util::Time now) {
  const auto moment = std::chrono::steady_clock::now();
  if (moment < derive_at_) return;
  const auto is_made = store_->derive_aside(now);
  note(derive_trouble_, "panes of groups, of all servers and of longer times cannot be made",
       is_made ? util::Result<void>{} : is_made.error());
  derive_at_ = moment + (is_made && *is_made ? derive_again_after : derive_after);
}

bool Keeper::tidy(util::Time now, bool is_idle) {
  if (!is_ready()) return false;
  derive(now);
  if (is_idle && store_->merge_some(tidy_slice)) return true;
  if (is_idle && aggregator_.with([](auto& shown) { return shown->tidy(tidy_slice); })) return true;
  if (!is_tidying_due(is_idle)) return false;
  const auto flushed = store_->flush(now, tidy_slice);
  note(flush_trouble_, "panes cannot be written, and wait in the journal",
       flushed ? util::Result<void>{} : flushed.error());
  for (const std::string& said : store_->take_notes()) report_("history: " + said);
  if (flushed && *flushed == store::Flushed::part) return true;
  tidied_ = std::chrono::steady_clock::now();
  roster_.forget_silent(now);
  return false;
}

void Keeper::finish(util::Time now) {
  if (!is_ready()) return;  // all of it is in the journal
  if (const auto flushed = store_->write_open(now, last_patience); !flushed)
    report_(fmt::format("history: {}; what is not written yet is in the journal and counts at the next start",
                        flushed.error().message));
}

}  // namespace rata::hub
