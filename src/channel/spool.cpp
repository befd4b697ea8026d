#include "channel/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rata::channel {
namespace {

using State = IndexedRecord::State;
namespace fs = std::filesystem;

constexpr std::uint64_t mib = 1u << 20;

/// Small ones free their room soon and lose little when the limit is reached; each costs a file.
std::uint64_t segment_size(std::uint64_t limit_octets) {
  constexpr std::uint64_t least = 64u << 10, most = 4 * mib;
  return std::clamp(limit_octets / 16, least, most);
}

/// Where the disk could not be read, until it is tried again.
constexpr std::chrono::seconds read_pause{5};

std::vector<std::pair<std::uint64_t, fs::path>> segment_files(const fs::path& folder) {
  std::vector<std::pair<std::uint64_t, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (const auto name = parse_segment_name(entry.path().filename().string())) files.emplace_back(*name, entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

util::Result<void> FolderLock::take(const fs::path& folder) {
  release();
  std::error_code fault;
  fs::create_directories(folder.parent_path(), fault);
  // What clients asked for is in it: nobody else's to read.
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return util::Error{fmt::format("spool {}: cannot make the folder: {}", folder.string(), std::strerror(errno))};
  file_ = folder / "lock";
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0)
    return util::Error{fmt::format("spool {}: cannot open {}: {}; it has to be a folder that may be written",
                                   folder.string(), file_.string(), std::strerror(errno))};
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
  const bool taken = errno == EWOULDBLOCK;
  const util::Error error{fmt::format("spool {}: {}; each channel of each process needs a folder of its own",
                                      folder.string(), taken ? "another one uses this folder" : std::strerror(errno))};
  release();
  return error;
}

bool FolderLock::holds() const {
  struct stat own{}, named{};
  return descriptor_ >= 0 && fstat(descriptor_, &own) == 0 && stat(file_.c_str(), &named) == 0 &&
         own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

void FolderLock::release() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

Spool::Spool(const Settings::Spool& settings, const util::Clock& clock)
    : settings_(settings),
      clock_(clock),
      limit_octets_(settings.limit_mib * mib),
      segment_octets_(segment_size(limit_octets_)) {}

util::Result<std::unique_ptr<Spool>> Spool::open(const Settings::Spool& settings, const util::Clock& clock) {
  if (!settings.path.starts_with('/'))
    return util::Error{
        fmt::format("spool \"{}\": the path has to be absolute: /var/lib/ratadns/spool/NAME", settings.path)};
  if (settings.limit_mib == 0)
    return util::Error{fmt::format("spool {}: limit_mib has to be 1 or more", settings.path)};
  std::unique_ptr<Spool> spool(new Spool(settings, clock));
  if (auto locked = spool->lock_.take(settings.path); !locked) return locked.error();
  if (auto loaded = spool->load(); !loaded) return loaded.error();
  return spool;
}

Spool::~Spool() {
  writer_.shut();
  for (auto segment = segments_.begin(); segment != segments_.end();)
    segment = segment->second.open == 0 ? remove(segment) : std::next(segment);
}

util::Result<void> Spool::load() {
  std::vector<std::pair<std::uint64_t, fs::path>> files;
  try {
    files = segment_files(settings_.path);
  } catch (const fs::filesystem_error& fault) {
    return util::Error{fmt::format("spool {}: cannot list the folder: {}", settings_.path, fault.code().message())};
  }
  acks_.emplace(settings_.path);
  for (const auto& [name, file] : files) {
    auto loaded = load_segment(file, next_number_ - 1);
    if (!loaded) return util::Error{fmt::format("spool {}: {}", settings_.path, loaded.error().message)};
    adopt(name, std::move(*loaded), file == files.back().second);
  }
  next_number_ = std::max(next_number_, acks_->highest() + 1);
  if (damaged_places_ != 0)
    notes_.push_back(fmt::format("spool {}: {} damaged places were passed over, with {} summaries or more",
                                 settings_.path, damaged_places_, unreadable_.load()));
  if (waiting_ != 0)
    notes_.push_back(
        fmt::format("spool {}: {} summaries found in it wait to be sent", settings_.path, waiting_.load()));
  note_state();
  return {};
}

/// What was found in a file. Numbers go on behind all that it may have held.
void Spool::adopt(std::uint64_t name, LoadedSegment loaded, bool last) {
  const bool tail = loaded.whole_octets < loaded.segment.octets;
  damaged_places_ += loaded.gaps + loaded.damaged_records + (tail && !last ? 1 : 0);
  found_ += loaded.damaged_summaries;
  unreadable_ += loaded.damaged_summaries;
  if (tail && last) {
    cut_off(loaded);
    loaded.segment.octets = loaded.whole_octets;
  }
  const std::uint64_t highest = loaded.segment.records.empty() ? 0 : loaded.segment.records.back().number;
  next_number_ = std::max({next_number_, name + 1, highest + 1});
  octets_ += loaded.segment.octets;
  const auto segment = segments_.emplace(name, std::move(loaded.segment)).first;
  for (IndexedRecord& record : segment->second.records) {
    ++waiting_records_;
    waiting_ += record.summaries;
    if (acks_->is_done(record.number))
      close_record(segment->second, record);
    else
      found_ += record.summaries;
  }
  if (segment->second.open == 0) remove(segment);
}

/// A crash came while a record was written: nobody was told that it is kept.
void Spool::cut_off(const LoadedSegment& loaded) {
  const std::string file = loaded.segment.file.string();
  const bool cut = truncate(file.c_str(), static_cast<off_t>(loaded.whole_octets)) == 0;
  notes_.push_back(fmt::format("spool: {} ends in {} octets of a record that was not written to its end{}", file,
                               loaded.segment.octets - loaded.whole_octets, cut ? "; they are cut off" : ""));
}

util::Result<std::uint64_t> Spool::append(std::string_view lines, std::uint32_t summaries) {
  assert(lines.size() <= most_octets());
  const std::string frame = compressor_.compress(std::string(lines));
  const std::scoped_lock lock(mutex_);
  const RecordHead head{.number = next_number_, .written = clock_.now(), .summaries = summaries};
  const std::string text = record_text(head, frame);
  make_room(text.size());
  auto written = write(text);
  // A disk may be fuller than the spool.
  if (!written && let_go_of_last()) written = write(text);
  if (!written) return written.error();
  Segment& segment = segments_.rbegin()->second;
  segment.records.push_back({.number = next_number_++,
                             .written_ns = head.written.ns,
                             .offset = static_cast<std::uint32_t>(segment.octets),
                             .octets = static_cast<std::uint32_t>(text.size()),
                             .summaries = summaries,
                             .state = State::taken});
  ++segment.open;
  segment.octets += text.size();
  octets_ += text.size();
  waiting_ += summaries;
  note_state();
  return head.number;
}

/// To the segment that is open, or, where there is none or it is full, to another one.
util::Result<void> Spool::write(std::string_view octets) {
  if (!writer_.is_open() || segments_.rbegin()->second.octets >= segment_octets_)
    if (auto begun = begin_segment(); !begun) return begun.error();
  return writer_.append(octets);
}

util::Result<void> Spool::begin_segment() {
  if (writer_.is_open() && settings_.fsync != Fsync::never)
    if (auto synced = writer_.sync(); !synced) return synced.error();
  writer_.shut();
  let_go_of_last();
  if (!lock_.holds()) {
    if (auto locked = lock_.take(settings_.path); !locked) return locked.error();
    acks_->start_anew();
  }
  const fs::path file = fs::path(settings_.path) / segment_name(next_number_);
  if (auto begun = writer_.begin(file, settings_.fsync != Fsync::never); !begun) return begun.error();
  segments_[next_number_].file = file;
  return {};
}

std::size_t Spool::most_octets() const { return std::min<std::size_t>(most_record_lines_octets, limit_octets_ / 2); }

bool Spool::has_room(std::size_t octets) const {
  return waiting_ == 0 || octets_ - spare_octets_ + octets + record_head_octets <= limit_octets_;
}

void Spool::make_room(std::size_t octets) {
  if (octets_ + octets > limit_octets_) let_go_of_last();
  while (!segments_.empty() && octets_ + octets > limit_octets_) drop(segments_.begin());
}

/// The segment that is written stays, though all of it is done, as long as nobody needs its room. False: something in
/// it is not done.
bool Spool::let_go_of_last() {
  if (segments_.empty() || segments_.rbegin()->second.open != 0) return false;
  writer_.shut();
  remove(std::prev(segments_.end()));
  note_state();
  return true;
}

/// What the sender has in its hands may still be sent.
void Spool::drop(Segments::iterator segment) {
  std::uint64_t lost = 0;
  if (is_written(segment)) writer_.shut();
  for (IndexedRecord& record : segment->second.records) {
    if (record.state == State::done) continue;
    if (record.state == State::waiting) lost += record.summaries;
    close_record(segment->second, record);
  }
  dropped_full_ += lost;
  if (lost != 0 && !std::exchange(told_full_, true))
    notes_.push_back(
        fmt::format("spool {}: is full (limit_mib = {}): the oldest that waits is dropped, {} summaries "
                    "so far, and what follows is counted",
                    settings_.path, settings_.limit_mib, dropped_full_.load()));
  remove(segment);
}

Spool::Segments::iterator Spool::remove(Segments::iterator segment) {
  unlink(segment->second.file.c_str());
  octets_ -= segment->second.octets;
  const auto next = segments_.erase(segment);
  acks_->forget_below(segments_.empty() ? next_number_ : segments_.begin()->first);
  return next;
}

bool Spool::is_written(Segments::iterator segment) const {
  return writer_.is_open() && std::next(segment) == segments_.end();
}

util::Result<void> Spool::sync() {
  if (!writer_.is_open()) return {};
  // Without the lock, so that sending goes on: only this thread changes the writer, but for `drop`, which is its own.
  auto synced = writer_.sync();
  // What the disk did not take once it may not have when it is asked again: not this file any more.
  const std::scoped_lock lock(mutex_);
  if (!synced) writer_.shut();
  return synced;
}

std::optional<Spool::Taken> Spool::take(std::uint64_t up_to) {
  const std::scoped_lock lock(mutex_);
  if (std::chrono::steady_clock::now() < next_read_) return std::nullopt;
  for (auto segment = segments_.begin(); segment != segments_.end();) {
    IndexedRecord* record = segment->second.first_waiting();
    if (record == nullptr) {
      ++segment;
      continue;
    }
    if (record->number > up_to) return std::nullopt;
    auto octets = read_record(segment->second, *record);
    if (!octets && fs::exists(segment->second.file)) {
      next_read_ = std::chrono::steady_clock::now() + read_pause;
      if (!std::exchange(told_unreadable_, true)) notes_.push_back("spool: " + octets.error().message);
      return std::nullopt;
    }
    auto lines = octets ? lines_of_record(*octets, *record) : octets;
    if (!lines) {
      lose(segment->second, *record, lines.error().message);
      if (segment->second.open == 0 && !is_written(segment)) segment = remove(segment);
      continue;
    }
    record->state = State::taken;
    --waiting_records_;
    return Taken{record->number, record->summaries, std::move(*lines)};
  }
  return std::nullopt;
}

/// Cannot be read: said once until something can.
void Spool::lose(Segment& segment, IndexedRecord& record, const std::string& why) {
  unreadable_ += record.summaries;
  close_record(segment, record);
  if (!std::exchange(told_unreadable_, true))
    notes_.push_back(fmt::format("spool: {}: {}; its {} summaries are lost, and what follows is counted",
                                 segment.file.string(), why, record.summaries));
  note_state();
}

void Spool::close_record(Segment& segment, IndexedRecord& record) {
  waiting_records_ -= record.state == State::waiting;
  record.state = State::done;
  waiting_ -= record.summaries;
  --segment.open;
}

IndexedRecord* Spool::find(std::uint64_t number, Segments::iterator& segment) {
  segment = segments_.upper_bound(number);
  if (segment == segments_.begin()) return nullptr;
  --segment;
  return segment->second.find(number);
}

void Spool::release(std::uint64_t number, std::uint32_t summaries) {
  const std::scoped_lock lock(mutex_);
  Segments::iterator segment;
  IndexedRecord* record = find(number, segment);
  if (record == nullptr) {
    dropped_full_ += summaries;
    return;
  }
  if (record->state != State::taken) return;
  record->state = State::waiting;
  ++waiting_records_;
  const auto place = static_cast<std::size_t>(record - segment->second.records.data());
  segment->second.next_waiting = std::min(segment->second.next_waiting, place);
}

util::Result<void> Spool::done(std::span<const std::uint64_t> numbers) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t octets_before = octets_;
  auto written = acks_->add(numbers);
  for (const std::uint64_t number : numbers) {
    Segments::iterator segment;
    IndexedRecord* record = find(number, segment);
    if (record == nullptr || record->state == State::done) continue;
    close_record(segment->second, *record);
    if (segment->second.open == 0 && !is_written(segment)) remove(segment);
  }
  // On a full disk there may be room now.
  if (!written && octets_ < octets_before) written = acks_->add({});
  if (waiting_ == 0) told_full_ = told_unreadable_ = false;
  note_state();
  return written;
}

void Spool::note_state() {
  spare_octets_ = !segments_.empty() && segments_.rbegin()->second.open == 0 ? segments_.rbegin()->second.octets : 0;
  for (auto& [name, segment] : segments_)
    if (const IndexedRecord* record = segment.first_open()) {
      oldest_ns_ = record->written_ns;
      return;
    }
  oldest_ns_ = INT64_MAX;
}

Spool::Counters Spool::counters() const {
  Counters counters{.found = found_,
                    .dropped_full = dropped_full_,
                    .unreadable = unreadable_,
                    .waiting = waiting_,
                    .octets = octets_,
                    .oldest = {}};
  if (const std::int64_t oldest = oldest_ns_; oldest != INT64_MAX) counters.oldest = util::Time{oldest};
  return counters;
}

std::vector<std::string> Spool::take_notes() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(notes_, {});
}

}  // namespace rata::channel
