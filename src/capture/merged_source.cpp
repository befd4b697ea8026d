#include "capture/merged_source.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <compare>
#include <utility>

namespace rata::capture {
namespace {

/// Where a frame stands among those of other members.
struct Place {
  util::Time time;
  std::size_t order;
  friend auto operator<=>(const Place&, const Place&) = default;
};

constexpr Place behind_all{{INT64_MAX}, SIZE_MAX};

/// A member that is open, and the frames it has handed over.
struct Open {
  std::unique_ptr<Source> source;
  std::size_t order = 0;
  std::uint16_t input = 0;
  bool roomy = true;
  std::vector<Frame> batch;
  std::size_t next = 0;
  std::size_t link_types_known = 0;

  Place place() const { return {batch[next].time, order}; }
  bool used_up() const { return next == batch.size(); }
};

void add(SourceStats& sum, const SourceStats& stats) {
  sum.frames += stats.frames;
  sum.octets += stats.octets;
  sum.kernel_dropped += stats.kernel_dropped;
  sum.left_out += stats.left_out;
}

/// Members with a buffer of the usual size; the others get by with less. Of few files the reading stays as fast as of
/// one, and thousands that overlap take some 30 KiB each.
constexpr std::size_t roomy_members = 32;
constexpr std::size_t narrow_octets = 16 * 1024;

/// Members that may be open at a time, if there are descriptors for so many. Bounds the memory: about 100 MB, unless
/// they are compressed or have very large records.
constexpr std::size_t max_open_members = 3072;

/// Descriptors for whatever else the program has open.
constexpr std::size_t other_descriptors = 32;

/// How many files may be open at a time. Where the limit is lower than need be, it is raised as far as that is allowed.
std::size_t open_files_allowed(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return max_open_members;
  const rlim_t needed = std::min(wanted, max_open_members) + other_descriptors;
  if (limit.rlim_cur < needed) {
    const rlimit raised{std::min<rlim_t>(needed, limit.rlim_max), limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  if (limit.rlim_cur >= needed) return max_open_members;
  return std::max<std::size_t>(limit.rlim_cur, 2 * other_descriptors) - other_descriptors;
}

/// For a heap with the earliest on top.
bool later(const std::unique_ptr<Open>& a, const std::unique_ptr<Open>& b) { return a->place() > b->place(); }

class MergedSource final : public Source {
 public:
  MergedSource(std::string name, Inputs inputs);

  Read read(std::vector<Frame>& batch) override;
  const std::vector<util::Error>& errors() const override { return errors_; }
  SourceStats stats() override;
  bool live() const override { return false; }
  const std::set<LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  /// A member that waits for a pipe looks up every 200 ms.
  void stop() override { stopping_ = true; }

 private:
  Read feed();
  Read read_member(Open& member);
  void close(Open& member);
  bool open_due();
  void open_next();
  void leave_out();
  void complain(const util::Error& error);
  std::size_t open_count() const { return hungry_.size() + ready_.size(); }
  Place next_to_open() const;
  void hand_out(std::vector<Frame>& batch);
  void hand_out_until(Place limit, Open& member, std::vector<Frame>& batch);

  std::string name_;
  std::vector<Member> waiting_;                ///< the next to be opened is the last
  std::vector<std::unique_ptr<Open>> hungry_;  ///< used up: to be read before anything is handed out
  std::vector<std::unique_ptr<Open>> ready_;   ///< a heap, the earliest on top
  std::uint64_t ordinal_ = 0;
  SourceStats closed_;  ///< of the members that are through
  std::set<LinkType> link_types_;
  std::vector<Frame> scratch_;  ///< of members with little room
  std::size_t open_allowed_;
  std::vector<util::Error> errors_;
  std::size_t more_errors_ = 0, files_left_out_ = 0;
  std::atomic<bool> stopping_ = false;
};

MergedSource::MergedSource(std::string name, Inputs inputs)
    : name_(std::move(name)),
      link_types_(std::move(inputs.link_types)),
      open_allowed_(open_files_allowed(inputs.members.size())) {
  for (const util::Error& error : inputs.errors) complain(error);
  for (Member& member : inputs.members) {
    if (member.source != nullptr)
      hungry_.push_back(std::make_unique<Open>(std::move(member.source), member.order, member.input));
    else
      waiting_.push_back(std::move(member));
  }
  std::ranges::sort(waiting_,
                    [](const Member& a, const Member& b) { return Place{a.first, a.order} > Place{b.first, b.order}; });
}

Read MergedSource::read(std::vector<Frame>& batch) {
  batch.clear();
  while (!stopping_) {
    const Read fed = feed();
    if (fed == Read::idle) return fed;  // what comes next there may be the earliest
    if (open_due()) continue;
    if (ready_.empty()) return Read::end;
    hand_out(batch);
    return Read::frames;
  }
  return Read::end;
}

/// Reads the members that are used up. What was handed out before is dead from here on.
Read MergedSource::feed() {
  for (std::size_t i = 0; i < hungry_.size();) {
    Open& member = *hungry_[i];
    const Read read = read_member(member);
    if (read == Read::idle) return read;
    member.next = 0;
    if (member.link_types_known != member.source->link_types().size()) {
      link_types_.insert(member.source->link_types().begin(), member.source->link_types().end());
      member.link_types_known = member.source->link_types().size();
    }
    if (read == Read::frames) {
      ready_.push_back(std::move(hungry_[i]));
      std::ranges::push_heap(ready_, later);
    } else {
      close(member);
    }
    hungry_.erase(hungry_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return Read::frames;
}

/// A batch has room for the most frames that there may be. Of many members each keeps only what it has got.
Read MergedSource::read_member(Open& member) {
  if (member.roomy) return member.source->read(member.batch);
  const Read read = member.source->read(scratch_);
  member.batch.assign(scratch_.begin(), scratch_.end());
  return read;
}

void MergedSource::close(Open& member) {
  add(closed_, member.source->stats());
  for (const util::Error& error : member.source->errors()) complain(error);
}

/// The first are kept word for word, of the others only the number.
void MergedSource::complain(const util::Error& error) {
  if (errors_.size() < max_told_errors) return errors_.push_back(error);
  if (more_errors_++ == 0) errors_.emplace_back();
  errors_.back().message = fmt::format("{}: and {} more complaints, the last: {}", name_, more_errors_, error.message);
}

/// Opens the files whose first frame is not behind what would be handed out next; without any such, the next file.
bool MergedSource::open_due() {
  const std::size_t before = waiting_.size();
  if (ready_.empty() && !waiting_.empty()) open_next();
  while (!ready_.empty() && !waiting_.empty() && waiting_.back().first <= ready_.front()->place().time) open_next();
  return waiting_.size() != before;
}

void MergedSource::open_next() {
  const Member member = std::move(waiting_.back());
  waiting_.pop_back();
  if (open_count() >= open_allowed_) return leave_out();
  SourceOptions options;
  const bool roomy = open_count() < roomy_members;
  if (!roomy) options.buffer_octets = narrow_octets;
  auto source = open_source(member.path, options);
  if (source)
    hungry_.push_back(std::make_unique<Open>(std::move(*source), member.order, member.input, roomy));
  else
    complain(source.error());
}

/// Before all other complaints, since there is nothing worse.
void MergedSource::leave_out() {
  if (files_left_out_++ == 0) errors_.emplace(errors_.begin());
  errors_.front().message = fmt::format(
      "{}: {} files are left out, since {} others with packets of the same time are open, which is all that the "
      "limit of open files{} allows; join some of them first (mergecap -w JOINED FILES), and read what that makes",
      name_, files_left_out_, open_allowed_, open_allowed_ == max_open_members ? " of this program" : " (ulimit -Hn)");
}

Place MergedSource::next_to_open() const {
  return waiting_.empty() ? behind_all : Place{waiting_.back().first, waiting_.back().order};
}

/// Frames in order until one is needed that nobody has yet. At least one: what waits to be opened begins later.
void MergedSource::hand_out(std::vector<Frame>& batch) {
  while (batch.size() < max_batch && ready_.front()->place() < next_to_open()) {
    std::ranges::pop_heap(ready_, later);
    Open& member = *ready_.back();
    const Place limit = ready_.size() == 1 ? next_to_open() : std::min(next_to_open(), ready_.front()->place());
    hand_out_until(limit, member, batch);
    if (member.used_up()) {
      hungry_.push_back(std::move(ready_.back()));
      ready_.pop_back();
      return;
    }
    std::ranges::push_heap(ready_, later);
  }
}

/// One run of frames of `member`, whose next one is before `limit`.
void MergedSource::hand_out_until(Place limit, Open& member, std::vector<Frame>& batch) {
  const std::size_t begin = member.next;
  const std::size_t most = std::min(member.batch.size(), begin + max_batch - batch.size());
  for (; member.next < most && member.place() < limit; ++member.next) {
    member.batch[member.next].ordinal = ordinal_++;
    member.batch[member.next].input = member.input;
  }
  if (member.roomy && batch.empty() && begin == 0 && member.used_up()) {
    batch.swap(member.batch);  // undisturbed by others: nothing is copied
    member.batch.clear();
    member.next = 0;
    return;
  }
  const auto from = member.batch.begin();
  batch.insert(batch.end(), from + static_cast<std::ptrdiff_t>(begin), from + static_cast<std::ptrdiff_t>(member.next));
}

SourceStats MergedSource::stats() {
  SourceStats sum = closed_;
  for (const auto* group : {&hungry_, &ready_}) {
    for (const auto& member : *group) add(sum, member->source->stats());
  }
  return sum;
}

}  // namespace

std::unique_ptr<Source> merge_sources(std::string name, Inputs inputs) {
  return std::make_unique<MergedSource>(std::move(name), std::move(inputs));
}

}  // namespace rata::capture
