#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/config.h"
#include "script/script.h"
#include "settings/table_reader.h"

namespace rata::pipeline {

/// Starts the script of an entry of the configuration, which `table` is: `lua = "x.lua"` and what may stand beside it.
/// `folder`: that of the configuration. Nobody waits yet.
void read_script(settings::TableReader& reader, const toml::table& table, const std::string& folder,
                 const Config& config, ReducerEntry& entry);
/// Waits until the scripts have said what they are, and makes reducers of them. Errors: what is wrong with one.
util::Result<void> finish_scripts(Config& config);

/// The scripts of a monitor that runs: they are told how far it is, listened to, and taken over anew when their files
/// change.
/// Thread: any, but for what says otherwise.
class Scripts {
 public:
  /// Puts another reducer in the place of one, for all windows that open from now on.
  using Replace = std::function<util::Result<void>(std::size_t reducer, reduce::ReducerConfig)>;

  Scripts(const Config& config, script::Script::Report report, bool live, bool in_order);

  bool empty() const { return entries_.empty(); }

  /// All packets that came before have been added, in all shards.
  void settled();
  void tend();
  /// One has so much to put in order that it should be settled soon.
  bool want_settling();

  /// Looks, now and then, whether files have changed. Thread: only while nothing is added.
  void look_at_files(const Replace& replace);

  /// The version of each that has the next window.
  void note_versions(Config& config) const;

  /// Of all versions of each, in the order of the configuration, since this was made; declarations have none.
  std::vector<script::ScriptFigures> figures();

 private:
  struct Entry {
    std::size_t reducer = 0;
    std::string name;  ///< of its summaries
    std::shared_ptr<script::Script> now, next;
    std::vector<std::shared_ptr<script::Script>> before;  ///< that windows are still open with
    script::ScriptFigures ended;                          ///< of those that are gone
    script::ScriptFigures earlier;                        ///< of the first one, under a monitor before
    script::FileStamp taken, seen;
  };

  void look_at(Entry& entry, const Replace& replace);
  void take_over(Entry& entry, const Replace& replace);
  void let_go(Entry& entry);
  template <typename Use>
  void each(Use use);

  std::vector<Entry> entries_;
  script::Script::Report report_;
  bool live_, in_order_;
  std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace rata::pipeline
