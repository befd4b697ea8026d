#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture/source.h"
#include "channel/sender.h"
#include "pipeline/books.h"
#include "pipeline/config.h"
#include "pipeline/intake.h"
#include "pipeline/throttle.h"
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

/// A source through intake, windows and reducers into channels. Runs on the thread that calls `run`.
class Monitor {
 public:
  using Report = std::function<void(const std::string&)>;

  /// Opens the channels. `deliver` gets what goes to "memory:". `report`: one sentence for the operator, at once.
  /// Errors: a channel cannot be opened, a reducer cannot be made.
  static util::Result<std::unique_ptr<Monitor>> make(const Config& config, std::unique_ptr<capture::Source> source,
                                                     channel::Deliver deliver, Report report);
  ~Monitor();

  /// Reads until the input ends or `stop` is called; then closes windows and channels.
  void run();

  /// Thread: any.
  void stop();
  MonitorState state() const;
  const capture::Source& source() const { return *source_; }

 private:
  class Sink;

  Monitor(const Config& config, std::unique_ptr<capture::Source> source, Report report);
  util::Result<void> open_channels(const channel::Deliver& deliver);
  void closed(reduce::ClosedWindow&& window);
  void name_boot(std::span<const capture::Frame> frames);
  std::string boot_of(const capture::Frame& first) const;
  void share_state(InputState input);
  Books books() const;
  bool nobody_listens() const;
  void tell(const std::vector<util::Error>& errors, std::size_t& told, std::size_t up_to);
  void note_lacking(std::size_t reducer, const util::MemberCounts& lacking);

  Config config_;
  std::unique_ptr<capture::Source> source_;
  reduce::Context context_;
  Report report_;
  std::vector<std::unique_ptr<channel::Sender>> senders_;
  std::vector<std::vector<channel::Sender*>> senders_by_reducer_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Intake> intake_;
  Throttle throttle_;
  std::string boot_;
  std::uint64_t sequence_ = 0;
  std::uint64_t pushed_ = 0;  // summaries given to senders
  std::uint64_t malformed_reported_ = 0, kernel_reported_ = 0;
  std::size_t errors_told_ = 0, complaints_told_ = 0;
  std::vector<util::MemberCounts> lacking_;  // by reducer, in configured order
  util::Guarded<MonitorState> state_;
  std::chrono::steady_clock::time_point next_share_{};
};

}  // namespace rata::pipeline
