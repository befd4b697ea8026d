#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "reduce/key_parts.h"
#include "reduce/reducer.h"
#include "reduce/response_times.h"
#include "util/result.h"

namespace rata::reduce {

/// By time (`seconds`, aligned to the epoch) or, where `packets` is not 0, by packet count.
struct WindowConfig {
  std::uint32_t seconds = 1;
  std::uint64_t packets = 0;
  bool flush = false;                      ///< by packet count: the last, partial window is sent too
  std::optional<double> lateness_seconds;  ///< by time: how long a window waits for late packets; absent: one window
};

/// A window that closes. What its reducers have counted comes one by one, in configured order: all of it at once might
/// be more memory than there is.
class ClosingWindow {
 public:
  struct Result {
    std::size_t reducer = 0;  ///< its place in the configuration
    summary::Data data;
    util::MemberCounts lacking{};  ///< packets that it skipped, by what they lack
    std::unique_ptr<Later> later;  ///< not nullptr: `data` is not known yet
  };
  /// Makes the results of reducers `first` up to but without `end`.
  using Make = std::function<std::vector<Result>(std::size_t first, std::size_t end)>;

  /// What there is to know of it beside its results.
  struct Facts {
    summary::Window window;
    std::uint64_t malformed = 0;  ///< messages that are none, and those of earlier windows that came too late for them
    bool used = false;            ///< something fell into it
    bool last = false;            ///< the input is at its end, and no window comes after this one
  };

  ClosingWindow(const Facts& facts, std::size_t reducers, std::size_t side_by_side, Make make)
      : facts_(facts), reducers_(reducers), side_by_side_(side_by_side), make_(std::move(make)) {}

  const summary::Window& window() const { return facts_.window; }
  std::uint64_t malformed() const { return facts_.malformed; }
  bool is_used() const { return facts_.used; }
  /// The input is at its end, and no window comes after this one.
  bool is_last() const { return facts_.last; }

  /// False: there are no more. What nobody asks for is lost with the window.
  bool next(Result& result);

 private:
  Facts facts_;
  std::size_t reducers_, side_by_side_;
  Make make_;
  std::vector<Result> ready_;
  std::size_t next_ = 0, made_ = 0;
};

/// Lets packets fall into windows and closes these in order. Windows without a packet between others are closed too,
/// with empty data, unless the gap is longer than `max_gap_windows`.
/// Thread: `add` one per shard; everything else only while no `add` runs.
class Windows {
 public:
  using OnClosed = std::function<void(ClosingWindow&)>;

  static constexpr std::int64_t max_gap_windows = 3600;

  /// `context`: outlives it; windows by packet count need its `shards` to be 1. `memory_octets`: of the reducers'
  /// tables in all shards together. `do_all`: for what can be done side by side when a window by time closes; empty:
  /// one after the other. Errors: a reducer cannot be made as configured.
  static util::Result<std::unique_ptr<Windows>> make(const WindowConfig& config,
                                                     const std::vector<ReducerConfig>& reducers, const Context& context,
                                                     std::size_t memory_octets, OnClosed on_closed, DoAll do_all = {});

  /// Adds one shard's packets, in input order.
  void add(std::size_t shard, std::span<const Packet> batch);

  /// A message of one shard that is no packet, in its place among them. It opens, fills and closes no window by count.
  void add_malformed(std::size_t shard, const MalformedMessage& message);

  /// Packet time has come to `watermark`: closes what is due and returns the next moment when something will be.
  /// Called in input order, so lateness is judged by position in the input.
  util::Time advance(util::Time watermark);

  /// Another reducer takes the place of one in all windows that open from now on. Errors: it cannot be made.
  util::Result<void> replace(std::size_t reducer, ReducerConfig config);

  /// The input is at its end: closes what is open (by packet count: only with `flush`).
  void finish();

  std::uint64_t late() const;                                 ///< packets not added because their window had closed
  std::uint64_t gap_windows() const { return gap_windows_; }  ///< windows in gaps too long to be sent

 private:
  /// One window's reducers in one shard.
  struct Cell {
    std::vector<std::unique_ptr<Reducer>> reducers;
    std::uint64_t packets = 0, malformed = 0;
    bool used = false;  ///< the reducers have been given something
  };
  struct Open {
    std::vector<Cell> shards;
    std::size_t version = 0;  ///< of the reducers

    bool used() const { return std::ranges::any_of(shards, &Cell::used); }
  };

  Windows(const WindowConfig& config, std::vector<ReducerConfig> reducers, const Context& context,
          std::size_t memory_octets, OnClosed on_closed, DoAll do_all);

  std::int64_t number_of(util::Time time) const;
  util::Time start_of(std::int64_t number) const { return {number * length_ns_}; }
  std::unique_ptr<Open> new_open();
  void pair_where_asked();
  void spare(std::unique_ptr<Open> open);
  void add_to(Cell& cell, std::size_t shard, std::span<const Packet> packets);
  void settle_after(std::size_t shard, std::size_t packets);
  Cell& cell(std::int64_t number, std::size_t shard) {
    return open_[static_cast<std::size_t>(number - first_open_)]->shards[shard];
  }
  void add_by_time(std::size_t shard, std::span<const Packet> batch);
  void add_by_count(std::span<const Packet> batch);
  void open_up_to(std::int64_t number);
  void close_first(bool last = false);
  void skip_gap(std::int64_t first_kept, std::int64_t newest);
  void close_by_count(bool last = false);
  void emit(Open& open, summary::Window window, bool last);
  std::vector<ClosingWindow::Result> results(Open& open, double seconds, std::size_t first, std::size_t end);

  WindowConfig config_;
  std::vector<ReducerConfig> reducers_;
  const Context& context_;
  std::size_t shard_count_;
  Plan plan_;
  std::vector<std::unique_ptr<Budget>> budgets_;  // one a shard
  std::vector<Batch> batches_;                    // the same
  std::vector<std::size_t> unsettled_;            // the same: packets since the budget was settled
  std::vector<ResponseTimes> response_times_;     // the same, or none: no reducer asks
  OnClosed on_closed_;
  DoAll do_all_;
  std::int64_t length_ns_, lateness_ns_;

  bool started_ = false;
  std::int64_t first_number_ = 0;  // of the window that the first frame fell into
  std::int64_t first_open_ = 0;    // number of open_.front()
  std::deque<std::unique_ptr<Open>> open_;
  std::vector<std::unique_ptr<Open>> spare_;
  std::size_t version_ = 0;  ///< counts how often a reducer was replaced
  std::vector<std::uint64_t> late_by_shard_;
  std::vector<std::uint64_t> late_malformed_;  ///< by shard; not told yet
  std::uint64_t late_reported_ = 0;
  std::uint64_t gap_windows_ = 0;
  bool at_end_ = false;  ///< of the input
  // By packet count: where the window at hand began and the newest packet's time.
  bool count_started_ = false;
  util::Time count_start_, count_last_;
};

}  // namespace rata::reduce
