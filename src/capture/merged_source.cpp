#include "capture/merged_source.h"

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
  std::vector<Frame> batch;
  std::size_t next = 0;
  std::size_t link_types_known = 0;

  Place place() const { return {batch[next].time, order}; }
  bool used_up() const { return next == batch.size(); }
};

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
  void close(Open& member);
  bool open_due();
  void open_next();
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
  std::vector<util::Error> errors_;
  std::atomic<bool> stopping_ = false;
};

MergedSource::MergedSource(std::string name, Inputs inputs)
    : name_(std::move(name)), link_types_(std::move(inputs.link_types)), errors_(std::move(inputs.errors)) {
  for (Member& member : inputs.members) {
    if (member.source != nullptr)
      hungry_.push_back(std::make_unique<Open>(std::move(member.source), member.order));
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
    const Read read = member.source->read(member.batch);
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

void MergedSource::close(Open& member) {
  const SourceStats stats = member.source->stats();
  closed_.frames += stats.frames;
  closed_.octets += stats.octets;
  const auto& errors = member.source->errors();
  errors_.insert(errors_.end(), errors.begin(), errors.end());
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
  auto source = open_source(member.path);
  if (source)
    hungry_.push_back(std::make_unique<Open>(std::move(*source), member.order));
  else
    errors_.push_back(source.error());
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
  for (; member.next < most && member.place() < limit; ++member.next) member.batch[member.next].ordinal = ordinal_++;
  if (batch.empty() && begin == 0 && member.used_up()) {
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
    for (const auto& member : *group) {
      const SourceStats stats = member->source->stats();
      sum.frames += stats.frames;
      sum.octets += stats.octets;
    }
  }
  return sum;
}

}  // namespace

std::unique_ptr<Source> merge_sources(std::string name, Inputs inputs) {
  return std::make_unique<MergedSource>(std::move(name), std::move(inputs));
}

}  // namespace rata::capture
