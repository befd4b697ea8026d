#include "store/deriver.h"

#include <sys/resource.h>

#include <iterator>
#include <utility>

#include "util/thread_name.h"

namespace rata::store {
namespace {

/// On Linux each thread has its own. Where that is not allowed it works as all others do.
void stand_back() {
  constexpr int nicest = 19;
  static_cast<void>(setpriority(PRIO_PROCESS, 0, nicest));
}

}  // namespace

std::optional<std::string> derived_lines(PaneReader& reader, const Key& key, std::size_t table_rows) {
  auto pane = reader.derived(key);
  if (!pane) return std::nullopt;
  return pane->empty() ? std::string() : packed(*std::move(pane), table_rows);
}

Deriver::~Deriver() {
  {
    const std::scoped_lock lock(mutex_);
    ends_ = true;
  }
  posted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Deriver::post(std::vector<Derivation> wanted, const Levels& levels) {
  if (wanted.empty()) return;
  {
    const std::scoped_lock lock(mutex_);
    wanted_.insert(wanted_.end(), std::make_move_iterator(wanted.begin()), std::make_move_iterator(wanted.end()));
    levels_ = levels;
  }
  posted_.notify_one();
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
}

std::vector<Derived> Deriver::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(made_, {});
}

std::string Deriver::trouble() const {
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

bool Deriver::is_busy() const {
  const std::scoped_lock lock(mutex_);
  return !wanted_.empty() || !made_.empty();
}

std::uint64_t Deriver::take_unreadable() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(unreadable_, 0);
}

void Deriver::work() {
  util::name_thread("derive");
  stand_back();
  std::unique_lock lock(mutex_);
  for (;;) {
    posted_.wait(lock, [this] { return ends_ || !wanted_.empty(); });
    if (ends_) return;
    const Derivation wanted = wanted_.front();
    const Levels levels = *levels_;
    lock.unlock();
    auto made = make(wanted, levels);
    lock.lock();
    unreadable_ += std::exchange(found_unreadable_, 0);
    if (made) {
      made_.push_back(*std::move(made));
      wanted_.pop_front();
      trouble_.clear();
    } else {
      trouble_ = made.error().message;
      wanted_.clear();
    }
  }
}

/// Of one state of the file.
util::Result<Derived> Deriver::make(const Derivation& wanted, const Levels& levels) {
  if (!database_) {
    auto opened = Database::open(path_, Database::Access::read_only);
    if (!opened) return opened.error();
    database_ = *std::move(opened);
  }
  PaneReader reader(
      *database_, levels,
      [&](std::int64_t series) {
        return series == wanted.key.series ? wanted.members : std::optional<std::vector<std::int64_t>>();
      },
      &ends_);
  database_->begin();
  Derived made{wanted.key, wanted.mark, derived_lines(reader, wanted.key, table_rows_)};
  found_unreadable_ += reader.unreadable();
  if (auto read = database_->commit(); !read) return read.error();
  return made;
}

}  // namespace rata::store
