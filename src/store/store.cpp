#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "store/magnitude.h"
#include "store/packing.h"
#include "store/recent.h"
#include "store/schema.h"
#include "store/state.h"
#include "summary/cut.h"
#include "summary/reading.h"

namespace rata::store {
namespace {

constexpr std::size_t most_name_octets = 255;
constexpr std::uint64_t most_ahead_seconds = 3600;
constexpr double most_window_seconds = seconds_per_day;  // what a monitor can be set to

/// What no sender should send; "": nothing.
std::string what_is_wrong(const Received& received, util::Time now) {
  const summary::Summary& summary = *received.summary;
  if (summary.type.empty()) return "type: is empty; the name of a reducer is needed";
  if (summary.server.empty()) return "serverId: is empty; the name of a server is needed";
  for (const std::string* name : {&summary.type, &summary.server, &summary.monitor, &summary.id.boot}) {
    if (name->size() > most_name_octets)
      return fmt::format("type, serverId, monitor or id.boot has {} octets; up to {} are possible", name->size(),
                         most_name_octets);
    if (std::ranges::any_of(*name, [](unsigned char octet) { return octet < 0x20 || octet == 0x7f; }))
      return "type, serverId, monitor or id.boot has a control character";
  }
  if (received.line.find('\n') != std::string_view::npos) return "has a line end inside; one record is one line";
  if (summary.id.sequence >= Journal::number(Journal::most_entries, 0))
    return fmt::format("id.sequence: {} is too large", summary.id.sequence);
  if (summary.window.start.ns < 0) return "window.start: is before 1970";
  if (!(summary.window.seconds >= 0 && summary.window.seconds <= most_window_seconds))
    return fmt::format("window.seconds: {} is not possible; 0 to a day is", summary.window.seconds);
  // Of a start that no clock shows there is no end: first the one, then the other.
  const util::Time latest = after(now, most_ahead_seconds);
  if (summary.window.start > latest || end_of(summary.window) > latest)
    return fmt::format("window.start: {} and {} s are over an hour ahead; set the monitor's clock",
                       util::utc_text(summary.window.start), summary.window.seconds);
  if (magnitude(summary) > most_sent)
    return fmt::format("its counts add up to more than {}, the most that is possible", most_sent);
  return "";
}

/// The caller may have said what time a record is of that does not say it itself, as those of older monitors do: then
/// what was read is written anew into the journal.
bool is_journaled_as_it_came(const Received& received) {
  const summary::Summary& summary = *received.summary;
  if (summary.id.boot.empty()) return false;
  return received.line.rfind("\"start\":\"" + util::text(summary.window.start) + '"') != std::string_view::npos;
}

/// What becomes entries of the journal.
struct Journaled {
  struct Place {
    std::size_t entry = 0;  ///< the first has `lines`, the others are `frames`
    std::uint64_t line = 0;
  };
  std::string lines;
  std::vector<std::string_view> frames;
  std::vector<Place> places;  ///< for each of the batch; of what is not taken it means nothing
};

bool is_all_fresh(std::span<const Answer> answers) {
  return std::ranges::all_of(answers, [](const Answer& answer) { return answer.verdict == Verdict::fresh; });
}

bool goes_as_it_came(std::span<const Received> batch, std::span<const Answer> answers, std::string_view frame) {
  std::uint64_t octets = 0;
  for (const Received& received : batch) octets += received.line.size() + 1;
  return !batch.empty() && is_all_fresh(answers) && is_packed(frame, octets) &&
         std::ranges::all_of(batch, is_journaled_as_it_came);
}

Journaled journaled(std::span<const Received> batch, std::span<const Answer> answers, std::span<const Packed> packed) {
  Journaled made;
  made.places.resize(batch.size());
  for (const Packed& one : packed) {
    if (!goes_as_it_came(batch.subspan(one.first, one.count), answers.subspan(one.first, one.count), one.frame))
      continue;
    made.frames.push_back(one.frame);
    for (std::uint64_t line = 0; line < one.count; ++line) made.places[one.first + line] = {made.frames.size(), line};
  }
  std::uint64_t line = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (answers[i].verdict != Verdict::fresh || made.places[i].entry > 0) continue;
    made.places[i].line = line++;
    made.lines += is_journaled_as_it_came(batch[i]) ? batch[i].line : to_json(*batch[i].summary);
    made.lines += '\n';
  }
  return made;
}

/// Errors: more than one entry of the journal can have.
util::Result<void> check_size(std::span<const Received> batch) {
  if (batch.size() > Journal::most_lines)
    return util::Error{
        fmt::format("{} summaries in one batch; up to {} are possible", batch.size(), Journal::most_lines)};
  std::size_t octets = 0;
  for (const Received& received : batch) octets += received.line.size() + 1;
  if (octets > Journal::most_octets)
    return util::Error{
        fmt::format("{} octets in one batch; up to {} are possible, send smaller ones", octets, Journal::most_octets)};
  return {};
}

// When there are too many open ones: more than are written in the time that a flush mostly has.
constexpr std::size_t panes_of_a_slice = 256;

class OpenStore final : public Store {
 public:
  explicit OpenStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

  util::Result<void> load(util::Time now);
  util::Result<void> replay_all(util::Time now);
  util::Result<void> replay_next(util::Time now) override;
  bool is_replayed() const override { return state_->journal.is_read(); }
  util::Result<std::vector<Answer>> commit(std::span<const Received> batch, util::Time now,
                                           std::span<const Packed> packed) override;
  bool merge_some(std::chrono::milliseconds patience) override {
    state_->counters.forms_lost += state_->open.merge(std::chrono::steady_clock::now() + patience);
    return !state_->open.is_merged();
  }
  util::Result<Flushed> flush(util::Time now, std::chrono::milliseconds patience) override;
  util::Result<bool> derive_aside(util::Time now) override {
    if (auto ready = check_replayed(); !ready) return ready.error();
    return store::derive_aside(*state_, now);
  }
  bool is_full() const override { return state_->open.octets() > open_limit(); }
  util::Result<void> write_open(util::Time now, std::chrono::milliseconds patience) override;
  util::Result<void> flush_all(util::Time now) override;
  util::Result<std::unique_ptr<Recent>> recent(std::uint32_t seconds, util::Time now,
                                               std::size_t most_servers) override {
    state_->counters.forms_lost += state_->open.merge();
    auto recent = store::recent(*state_, seconds, now, most_servers);
    if (recent && is_replayed()) (*recent)->add_open();
    return recent;
  }
  void set_groups(std::map<std::string, std::vector<std::string>> groups) override {
    state_->catalogue.set_groups(std::move(groups));
  }
  Counters counters() const override;
  std::vector<std::string> take_notes() override { return std::exchange(state_->notes, {}); }

 private:
  /// Contributions of a batch that is not in the journal yet.
  using Batch =
      std::set<std::tuple<std::string_view, std::string_view, std::string_view, std::string_view, std::uint64_t>>;

  std::uint64_t open_limit() const { return state_->config.open_mib << 20; }
  Answer judge(const Received& received, util::Time now, Batch& batch) const;
  void count(const Answer& answer, const summary::Summary& summary);
  /// What is in the journal goes into an open pane. False: nothing keeps its time any more.
  bool take(const std::shared_ptr<summary::Summary>& shared, std::int64_t entry, std::uint64_t place,
            std::uint64_t octets, util::Time now);
  /// Into its open pane, unless it was in a pane already, or nothing keeps its time any more. Errors: it cannot be
  /// read.
  util::Result<void> replay(std::int64_t entry, std::uint64_t place, std::string_view line, util::Time now);
  util::Result<void> keep_aside(std::int64_t entry, const std::string& why);
  /// What is written before would remove numbers of the ledger, and panes, that the rest of the journal still needs.
  util::Result<void> check_replayed() const;
  /// In one transaction. Returns the number of each entry, 0 of one that is empty.
  util::Result<std::vector<std::int64_t>> write(const Journaled& journaled);

  std::unique_ptr<State> state_;
  util::Time pruned_;
};

util::Result<void> OpenStore::load(util::Time now) {
  Database& database = *state_->database;
  if (auto loaded = state_->levels.load(database); !loaded) return loaded;
  if (auto loaded = state_->catalogue.load(database); !loaded) return loaded;
  if (auto loaded = state_->dirty.load(database, now); !loaded) return loaded;
  for (const auto& [id, series] : state_->catalogue.all()) state_->newest = std::max(state_->newest, series->last);
  return {};
}

util::Result<void> OpenStore::replay_all(util::Time now) {
  while (!is_replayed())
    if (auto read = replay_next(now); !read) return read;
  return {};
}

util::Result<void> OpenStore::replay(std::int64_t entry, std::uint64_t place, std::string_view line, util::Time now) {
  auto read = summary::read_json(line);
  if (!read) return read.error();
  const auto summary = std::make_shared<summary::Summary>(*std::move(read));
  const Source* const source = state_->catalogue.find(*summary);
  const std::uint64_t sequence = summary->id.boot.empty() ? Journal::number(entry, place) : summary->id.sequence;
  if (source != nullptr && source->seen.has(sequence))
    state_->catalogue.source(*summary).entry = std::max(source->entry, entry);  // it is in a pane
  else if (take(summary, entry, place, line.size(), now))
    ++state_->counters.replayed;
  return {};
}

util::Result<void> OpenStore::replay_next(util::Time now) {
  std::string why;
  std::uint64_t unreadable = 0;
  const auto lose = [&](const std::string& what) {
    if (unreadable++ == 0) why = what;
  };
  const auto use = [&](std::int64_t entry, std::uint64_t place, std::string_view line) {
    if (const auto replayed = replay(entry, place, line, now); !replayed) lose(replayed.error().message);
  };
  const auto entry = state_->journal.replay(*state_->database, use, lose);
  state_->counters.forms_lost += state_->open.merge();
  if (!entry) return entry.error();
  if (!*entry) {
    state_->journal.all_read();
    return {};
  }
  // Only then may it go. Else it comes again, and what was taken of it is known by its numbers.
  if (unreadable > 0)
    if (auto kept = keep_aside(**entry, why); !kept) return kept;
  state_->counters.unreadable += unreadable;
  state_->journal.read(**entry);
  return {};
}

util::Result<void> OpenStore::keep_aside(std::int64_t entry, const std::string& why) {
  Database& database = *state_->database;
  database.begin();
  Journal::keep_aside(database, entry, why);
  if (auto done = database.commit(); !done) return done;
  state_->notes.push_back(
      fmt::format("{}: journal entry {} cannot be read whole: {}; what can is counted, and the "
                  "entry is kept in the table lost",
                  database.path(), entry, why));
  return {};
}

util::Result<void> OpenStore::check_replayed() const {
  if (is_replayed()) return {};
  return util::Error{fmt::format("{}: its journal is not read yet", state_->database->path())};
}

Answer OpenStore::judge(const Received& received, util::Time now, Batch& batch) const {
  const summary::Summary& summary = *received.summary;
  if (std::string wrong = what_is_wrong(received, now); !wrong.empty()) return {Verdict::refused, std::move(wrong)};
  if (!state_->levels.place(summary.window.start, summary.window.seconds)) return {Verdict::too_old, ""};
  const Source* const source = state_->catalogue.find(summary);
  if (source == nullptr && !state_->catalogue.has_room_for(summary))
    return {Verdict::refused, "there are too many names of servers, monitors and reducers already"};
  if (summary.id.boot.empty()) return {};
  if (source != nullptr && source->seen.has(summary.id.sequence)) return {Verdict::repeated, ""};
  if (!batch.emplace(summary.server, summary.monitor, summary.type, summary.id.boot, summary.id.sequence).second)
    return {Verdict::repeated, ""};
  return {};
}

void OpenStore::count(const Answer& answer, const summary::Summary& summary) {
  Counters& counters = state_->counters;
  switch (answer.verdict) {
    case Verdict::fresh:
      ++counters.committed;
      break;
    case Verdict::repeated:
      ++counters.repeated;
      counters.revised_late += summary.id.revision > 0 ? 1 : 0;
      break;
    case Verdict::too_old:
      ++counters.too_old;
      break;
    case Verdict::refused:
      ++counters.refused;
      break;
  }
}

bool OpenStore::take(const std::shared_ptr<summary::Summary>& shared, std::int64_t entry, std::uint64_t place,
                     std::uint64_t octets, util::Time now) {
  const summary::Summary& summary = *shared;
  const auto level = state_->levels.place(summary.window.start, summary.window.seconds);
  if (!level) return false;
  const util::Time begins = summary.window.start, ends = end_of(summary.window);
  const bool is_fine = *level == 0 && summary.window.seconds <= fine_seconds &&
                       state_->levels.fine_keep_seconds() > 0 &&
                       summary::is_small(summary.data, state_->config.fine_numbers);
  Source& source = state_->catalogue.source(summary);
  const std::uint64_t sequence = source.boot.empty() ? Journal::number(entry, place) : summary.id.sequence;
  source.seen.add(sequence, begins, ends);
  source.entry = std::max(source.entry, entry);  // of one commit, the entries come in any order
  Catalogue& catalogue = state_->catalogue;
  const std::uint32_t seconds = state_->levels.seconds(*level);
  catalogue.cover(*source.series, begins, ends, is_fine ? fine_seconds : seconds);
  for (Series* const scope : catalogue.scopes_of(*source.series)) catalogue.cover(*scope, begins, ends, seconds);
  state_->newest = std::max(state_->newest, ends);
  state_->journal.waits(entry, 1);
  state_->open.add({seconds, source.series->id, aligned(begins, seconds)}, shared, is_fine,
                   {&source, sequence, begins, ends, entry}, octets, now);
  return true;
}

util::Result<std::vector<std::int64_t>> OpenStore::write(const Journaled& journaled) {
  std::vector<std::int64_t> entries = {0};
  if (journaled.lines.empty() && journaled.frames.empty()) return entries;
  Database& database = *state_->database;
  database.begin();
  if (!journaled.lines.empty()) entries.front() = Journal::append(database, journaled.lines);
  for (const std::string_view frame : journaled.frames) entries.push_back(Journal::append_packed(database, frame));
  if (auto done = database.commit(); !done) return done.error();
  return entries;
}

util::Result<std::vector<Answer>> OpenStore::commit(std::span<const Received> batch, util::Time now,
                                                    std::span<const Packed> packed) {
  if (auto ready = check_replayed(); !ready) return ready.error();
  if (auto small = check_size(batch); !small) return small.error();
  std::vector<Answer> answers;
  Batch of_batch;
  for (const Received& received : batch) answers.push_back(judge(received, now, of_batch));
  const Journaled journaled = store::journaled(batch, answers, packed);
  const auto entries = write(journaled);
  if (!entries) return entries.error();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    count(answers[i], *batch[i].summary);
    if (answers[i].verdict != Verdict::fresh) continue;
    const auto [entry, line] = journaled.places[i];
    take(batch[i].summary, (*entries)[entry], line, batch[i].line.size(), now);
  }
  return answers;
}

util::Result<Flushed> OpenStore::flush(util::Time now, std::chrono::milliseconds patience) {
  if (auto ready = check_replayed(); !ready) return ready.error();
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  const bool is_overfull = state_->open.octets() > 2 * open_limit();
  auto open = is_overfull ? state_->open.all()
              : is_full() ? state_->open.open_longest(now, panes_of_a_slice)
                          : state_->open.settled(now, state_->config.settle_seconds);
  const auto written = store::write_open(*state_, std::move(open), now, is_overfull ? Deadline::max() : deadline);
  if (!written) return written.error();
  const bool is_slice = *written == Flushed::part || is_full();
  if (is_slice && now >= pruned_ && now < after(pruned_, 1)) return written;
  pruned_ = now;
  auto pruned = prune(*state_, now);
  return pruned ? written : pruned.error();
}

util::Result<void> OpenStore::write_open(util::Time now, std::chrono::milliseconds patience) {
  if (auto ready = check_replayed(); !ready) return ready;
  auto written = store::write_open(*state_, state_->open.all(), now, std::chrono::steady_clock::now() + patience);
  return written ? util::Result<void>{} : written.error();
}

util::Result<void> OpenStore::flush_all(util::Time now) {
  if (auto ready = check_replayed(); !ready) return ready;
  if (auto written = store::write_open(*state_, state_->open.all(), now); !written) return written.error();
  const auto derived = derive_all(*state_);
  auto pruned = prune(*state_, now);
  return derived ? pruned : derived;
}

Counters OpenStore::counters() const {
  Counters counters = state_->counters;
  counters.journal_entries = state_->journal.entries();
  counters.open_panes = state_->open.panes().size();
  counters.open_octets = state_->open.octets();
  counters.dirty_panes = state_->dirty.all().size();
  return counters;
}

}  // namespace

util::Result<std::unique_ptr<Store>> Store::open(const Config& config, util::Time now, Replay replay) {
  auto levels = Levels::make(config);
  if (!levels) return levels.error();
  auto lock = LockFile::take(config.path + ".lock");
  if (!lock) return lock.error();
  if (auto made = make_private_file(config.path); !made) return made.error();
  auto database = Database::open(config.path, Database::Access::write);
  if (!database) return database.error();
  if (auto prepared = prepare_schema(**database); !prepared) return prepared.error();
  if (auto synced = sync_folder_of(config.path); !synced) return synced.error();
  auto store = std::make_unique<OpenStore>(
      std::make_unique<State>(*std::move(lock), config, *std::move(database), *std::move(levels)));
  if (auto loaded = store->load(now); !loaded) return loaded.error();
  if (replay == Replay::all)
    if (auto replayed = store->replay_all(now); !replayed) return replayed.error();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace rata::store
