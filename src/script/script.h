#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "reduce/reducer.h"
#include "script/child.h"
#include "script/description.h"
#include "script/field.h"
#include "util/result.h"

namespace rata::script {

/// A script as the configuration asks for it, and what it may take.
struct ScriptConfig {
  std::string file;  ///< a path, or the name of one that comes with the program
  nlohmann::ordered_json parameters = nlohmann::ordered_json::object();
  bool parameters_are_texts = false;  ///< the command line's: what they are meant as, the defaults say
  std::size_t memory_mib = 64;        ///< of its process, beyond the program itself
  double time_limit_seconds = 2;      ///< of processor time without getting on
  unsigned faults = 5;                ///< after so many it is switched off

  // What it shares with the other reducers.
  std::uint64_t sketch_seed = 0;
  std::size_t most_rows = SIZE_MAX;
  std::string country, asn;      ///< MaxMind DB files; empty: none
  bool hides_addresses = false;  ///< they are made anonymous
};

/// The text of a file, or of a script that comes with the program. Errors: it cannot be read; what would be accepted.
util::Result<std::string> read_source(const std::string& file);
/// What a file looks like: another one, or another time or size, is another version of it.
struct FileStamp {
  std::uint64_t inode = 0;
  std::int64_t changed_ns = 0, octets = -1;  ///< octets: -1: there is none

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp stamp_of(const std::string& file);

/// What a script is called that has no name: its file's, without folder and ending.
std::string stem_of(const std::string& file);

/// What became of the messages of a script, and what it took. given = counted + waiting + missed.
struct ScriptFigures {
  std::string name;
  std::uint64_t given = 0, counted = 0, waiting = 0;
  std::uint64_t missed_full = 0, missed_fault = 0, missed_off = 0, missed_unsent = 0;
  std::uint64_t missed() const { return missed_full + missed_fault + missed_off + missed_unsent; }
  std::uint64_t faults = 0, windows = 0;
  std::uint64_t cpu_ns = 0;         ///< of the processes that ended well with a window
  std::size_t lua_octets_most = 0;  ///< that Lua had in use at the end of a window
  nlohmann::ordered_json compiling = nlohmann::ordered_json::object();

  ScriptFigures& operator+=(const ScriptFigures& other);
  /// What is counted, since it stood at `earlier`.
  ScriptFigures& operator-=(const ScriptFigures& earlier);
};

/// One version of a script: its text, and the process that runs it. A process that fails, or gets nowhere, is made
/// anew; what it had been given is missed, and told. Thread: any, but for what says otherwise.
class Script : public std::enable_shared_from_this<Script> {
 public:
  using Report = std::function<void(const std::string&)>;

  /// Starts the process and does not wait for it. Errors: the file cannot be read; there can be no process.
  static util::Result<std::shared_ptr<Script>> start(const ScriptConfig& config, Report report);
  ~Script();

  /// False: the process has not said yet. Errors: what is wrong with the script.
  util::Result<bool> is_described();
  /// Waits for it. Errors: as above, or it takes longer than its time limit.
  util::Result<void> wait_until_described();
  /// Once it is described. What the configuration does not say is as the script says.
  const Description& description() const { return *description_; }
  const ScriptConfig& config() const { return config_; }
  const std::string& source() const { return source_; }
  const FileStamp& stamp() const { return stamp_; }  ///< of the file, before it was read

  /// What a reducer of this script is: a declaration's count_by, or one that feeds the process.
  /// `name`: empty: the script's own. After `is_described`.
  reduce::ReducerConfig reducer(const std::string& name);

  /// `live`: what has no room is dropped, else it waits. `in_order`: turns order the packets of all shards.
  void run_as(bool live, bool in_order);
  /// So much waits to be put in order that it should be settled soon.
  bool wants_settling();
  /// All that came before in the input has been added, in all shards; and once in a while what a process has to say is
  /// listened to.
  void settled();
  /// The same without new messages: a process that hangs is ended.
  void tend();
  void set_report(Report report);

  ScriptFigures figures();

  /// Some window still has reducers of it, or waits for its answer.
  bool is_used();
  /// Nothing will be: its process ends.
  void retire();

  /// What the reducers of all shards feed for one window. They hold it as long as there are reducers for windows.
  struct Window {
    std::uint32_t number = 0;  ///< 0: nothing came yet
    std::uint64_t given = 0;   ///< that the process at hand has, or will have
    std::uint64_t missed = 0;
  };
  void hold();
  void let_go(Window& window);
  void add(Window& window, std::uint32_t shard, reduce::Batch& batch, std::span<const std::uint16_t> packets,
           FieldWriter& writer);
  /// The window is over.
  std::unique_ptr<reduce::Later> close(Window& window);

 private:
  /// A window that the process has been asked for.
  struct Ticket {
    std::uint64_t given = 0, missed = 0;
    std::optional<reduce::Later::Outcome> outcome;
  };
  class Answer;
  using Clock = std::chrono::steady_clock;

  Script(const ScriptConfig& config, const FileStamp& stamp, std::string source, Report report);
  util::Result<void> start_child();
  std::string setup() const;
  std::size_t ring_octets() const;

  // All with the lock.
  std::uint8_t* room_or_wait(std::size_t octets, bool control);
  void put_control(RecordHeader::Kind kind, std::uint32_t window);
  void listen();
  void listen_now_and_then();
  void read_letter(const Letter& letter);
  void read_description_letter(const Letter& letter);
  void read_result(std::span<const std::uint8_t> octets);
  void check_progress();
  double child_seconds() const;
  std::string where_it_hangs();
  void fail(const std::string& why);
  void miss_what_it_had();
  void give_up();
  void tell_fault(const std::string& why);

  const ScriptConfig config_;
  const FileStamp stamp_;
  const std::string source_;
  const std::string shown_;  ///< in messages
  std::optional<Description> description_;

  std::mutex mutex_;
  Report report_;
  std::unique_ptr<Child> child_;
  bool off_ = false, live_ = false, in_order_ = true;
  std::size_t unordered_octets_ = 0;  ///< added since the last `ordered`
  std::uint32_t next_window_ = 1;
  std::map<std::uint32_t, Window*> open_;  ///< by number
  std::map<std::uint32_t, std::shared_ptr<Ticket>> tickets_;
  std::optional<std::string> load_error_;
  ScriptFigures figures_;
  std::uint64_t child_cpu_ns_ = 0;
  std::string last_fault_;
  unsigned strikes_ = 0;            ///< faults that are not forgiven
  std::uint64_t good_windows_ = 0;  ///< since the last fault
  int windows_ = 0;                 ///< that reducers hold
  std::size_t prints_ = 0;

  Clock::time_point next_listen_{}, moved_at_{}, looked_at_{};
  std::uint32_t beats_ = 0;
  double child_seconds_then_ = 0;
};

}  // namespace rata::script
