#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture/source.h"
#include "pipeline/books.h"
#include "pipeline/config.h"
#include "pipeline/intake.h"
#include "pipeline/outlets.h"
#include "pipeline/scripts.h"
#include "pipeline/throttle.h"
#include "pipeline/watched.h"
#include "util/gate.h"
#include "util/guarded.h"

namespace rata::pipeline {

/// Where the input stands.
enum class InputState { waiting, reading, live, ended, failed };
std::string_view name(InputState state);

/// What others may know of a running monitor, taken a few times a second.
struct MonitorState {
  InputState input = InputState::waiting;
  std::string error;  ///< why the input failed
  util::Time watermark{INT64_MIN};
  Books books;
};

/// What a monitor that was left hands on beside its sources.
struct Legacy {
  std::unique_ptr<Outlets> outlets;
  Books books;  ///< of what ended with it, and with those before
};

/// Sources through intake, windows and reducers into channels.
///
/// One source is read on the thread that calls `run`; with `Config::threads` further ones share the work on its shards.
/// Several sources, which are rings of live interfaces, have a thread each, with shards of their own, and hand nothing
/// over: only when packet time moves on, windows close or the books are read, they all stand still for a moment.
class Monitor {
 public:
  using Report = std::function<void(const std::string&)>;

  /// Opens the channels. `deliver` gets what goes to "memory:". `report`: one sentence for the operator, at once.
  /// `sources`: one, or live ones where windows go by time; another monitor may have read from them. Taken over.
  /// `legacy`: of that other monitor, taken over as well: its books go on, and its channels as Outlets::open says.
  /// Thread of `report`: any.
  /// Errors: a channel cannot be opened, a reducer cannot be made; `sources` and `legacy` are as they were.
  static util::Result<std::unique_ptr<Monitor>> make(const Config& config,
                                                     std::vector<std::unique_ptr<capture::Source>>& sources,
                                                     const channel::Deliver& deliver, Report report,
                                                     Legacy* legacy = nullptr);
  ~Monitor();

  /// Reads until the inputs end, or `stop` or `leave` is called; then closes windows, and channels unless it was left.
  void run();

  /// Ends `run` and leaves inputs and channels as they are, for another monitor to go on with. Thread: any.
  void leave();
  /// What `run` may wait for after `leave`, which is room in a channel, it gets. Called again and again until `run`
  /// returns. Thread: that of the owner.
  void make_way() { outlets_->make_way(); }
  /// After `run`: it has left all open, since it was told to leave before the inputs ended.
  bool left() const { return left_; }
  /// After `run`: what it was made of, but with the scripts that it took over anew since.
  Config config() const;
  /// After `run`: for another monitor.
  std::vector<std::unique_ptr<capture::Source>> take_sources();
  Legacy take_legacy() { return {std::move(outlets_), own_books()}; }
  /// Nobody else could go on with them.
  void put_back(std::vector<std::unique_ptr<capture::Source>> sources, Legacy legacy);

  /// Thread: any.
  void stop();
  MonitorState state() const;
  const capture::Source& source() const;  ///< the first
  /// Empty after `take_legacy`. Thread: that of the owner.
  std::vector<OutletState> outlets() const { return outlets_ ? outlets_->states() : std::vector<OutletState>{}; }

 private:
  struct Line;

  Monitor(const Config& config, Report report, bool helped);
  util::Result<void> open();
  util::Result<void> open_anonymizer();
  util::Result<void> make_windows();
  util::Result<void> keep_malformed();
  void read(Line& line);
  void take_in(Line& line, capture::Read brought, std::span<const capture::Frame> frames);
  util::Time advance(Line& line, util::Time watermark);
  void look_at_scripts();
  void closed(std::size_t server, reduce::ClosingWindow& window);
  void send(std::size_t reducer, summary::Summary summary);
  void send_later(bool wait);
  summary::Loss loss_of(std::size_t server, const reduce::ClosingWindow& window);
  std::uint64_t lost_before(util::Time time) const;
  std::size_t cell_of(std::size_t line, std::size_t shard) const;
  void share_state(InputState input);
  Books own_books();
  Books books();
  bool nobody_listens() const;
  bool live() const { return source().live(); }
  void tell(const std::vector<util::Error>& errors, std::size_t& told, std::size_t up_to);
  void note_left_out(std::size_t reducer, std::uint64_t left_out);
  void note_lacking(std::size_t reducer, const util::MemberCounts& lacking);

  Config config_;
  reduce::Context context_;
  Report report_;
  std::unique_ptr<Outlets> outlets_;
  Books past_;  ///< of the monitors before
  /// A result that a script still works on: everything but its data.
  struct Unfinished {
    std::size_t reducer = 0;
    summary::Summary summary;
    std::unique_ptr<reduce::Later> later;
  };

  std::unique_ptr<Scripts> scripts_;
  util::Guarded<std::vector<Unfinished>> unfinished_;  ///< live: the oldest first
  std::unique_ptr<Watched> watched_;
  std::unique_ptr<MalformedFile> malformed_file_;  // where several lines share it
  std::vector<std::unique_ptr<Line>> lines_;       // one a source
  util::Gate gate_;  // several lines: inside while packets are added, alone for what concerns all of them
  Throttle throttle_;
  std::atomic<bool> leaving_ = false, left_ = false;
  std::string boot_;
  util::Time watermark_{INT64_MIN};          // the latest of all lines
  std::vector<util::MemberCounts> lacking_;  // by reducer, in configured order
  std::vector<bool> left_out_told_;          // the same
  util::Guarded<MonitorState> state_;
};

}  // namespace rata::pipeline
