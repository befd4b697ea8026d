// Several inputs as one: folders are listed, and every file is asked for its first stamp.

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>

#include "capture/live.h"
#include "capture/merged_source.h"

namespace rata::capture {
namespace {

/// Of the files of one folder that cannot be read, those that are named; the others are counted.
constexpr std::size_t errors_named = 5;

util::Result<std::vector<std::string>> files_in(const std::string& folder) {
  std::error_code fault;
  std::vector<std::string> files;
  std::filesystem::directory_iterator entries(folder, fault);
  for (; !fault && entries != std::filesystem::directory_iterator(); entries.increment(fault)) {
    std::error_code gone;
    if (!entries->path().filename().string().starts_with('.') && !entries->is_directory(gone))
      files.push_back(entries->path().string());
  }
  if (fault) return util::Error{fmt::format("{}: the folder cannot be listed: {}", folder, fault.message())};
  if (files.empty())
    return util::Error{
        fmt::format("{}: is a folder without files; a capture file, or a folder of them, can be read", folder)};
  std::ranges::sort(files);
  return files;
}

util::Error not_alone(const std::string& live) {
  return {fmt::format(
      "{}: is live, and cannot be read together with others; several interfaces, but nothing else beside them, can",
      live)};
}

class Looker {
 public:
  explicit Looker(const SourceOptions& options) : options_(options) {}

  /// Errors: a live interface. What cannot be read goes to the inputs' errors.
  /// `input`: what its frames say they come from.
  util::Result<void> add(const std::string& what, std::uint16_t input) {
    input_ = input;
    struct stat info{};
    const bool there = what != "-" && ::stat(what.c_str(), &info) == 0;
    if (there && S_ISDIR(info.st_mode))
      add_folder(what);
    else if (there && S_ISREG(info.st_mode))
      add_file(what);
    else
      return add_open(what);
    return {};
  }

  Inputs take() { return std::move(inputs_); }
  bool found_any() const { return found_any_; }

 private:
  void add_folder(const std::string& folder) {
    const auto files = files_in(folder);
    if (!files) return inputs_.errors.push_back(files.error());
    const std::size_t before = inputs_.errors.size();
    for (const std::string& file : *files) {
      if (options_.interrupted && options_.interrupted()) break;
      if (std::error_code gone; std::filesystem::is_regular_file(file, gone))
        add_file(file);
      else
        inputs_.errors.push_back(
            {fmt::format("{}: left out: of a folder only files are read; this is a broken link, a pipe, a socket or a "
                         "device",
                         file)});
    }
    const std::size_t failed = inputs_.errors.size() - before;
    if (failed <= errors_named) return;
    inputs_.errors.resize(before + errors_named);
    inputs_.errors.push_back({fmt::format("{}: {} more files in it cannot be read", folder, failed - errors_named)});
  }

  /// Notes a file with its first stamp, and closes it again: of ten thousand rotated files few are open at a time.
  void add_file(const std::string& path) {
    const auto source = open_source(path);
    if (!source) return inputs_.errors.push_back(source.error());
    found_any_ = true;
    std::vector<Frame> batch;
    Read read = Read::idle;
    while (read == Read::idle) read = (*source)->read(batch);
    if (read == Read::frames) {
      inputs_.members.push_back(
          {.source = nullptr, .path = path, .first = batch.front().time, .order = order_++, .input = input_});
      return;
    }
    inputs_.link_types.insert((*source)->link_types().begin(), (*source)->link_types().end());
    const auto& errors = (*source)->errors();
    inputs_.errors.insert(inputs_.errors.end(), errors.begin(), errors.end());
  }

  util::Result<void> add_open(const std::string& what) {
    auto source = open_source(what, options_);
    if (!source) {
      inputs_.errors.push_back(source.error());
      return {};
    }
    if ((*source)->live()) return not_alone(what);
    found_any_ = true;
    inputs_.members.push_back(
        {.source = std::move(*source), .path = what, .first = {}, .order = order_++, .input = input_});
    return {};
  }

  const SourceOptions& options_;
  Inputs inputs_;
  std::size_t order_ = 0;
  std::uint16_t input_ = 0;
  bool found_any_ = false;
};

bool is_folder(const std::string& what) {
  struct stat info{};
  return what != "-" && ::stat(what.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Nothing could be opened: why not.
util::Error all_of(const std::vector<util::Error>& errors) {
  std::string text;
  for (const util::Error& error : std::span(errors).first(std::min(errors.size(), errors_named)))
    text += fmt::format("{}{}", text.empty() ? "" : "; ", error.message);
  if (errors.size() > errors_named) text += fmt::format("; and {} more", errors.size() - errors_named);
  return {text};
}

/// There is an interface among them: what stands beside it may not, or is the name of one that is not here.
std::optional<util::Error> unlike_interfaces(const std::vector<std::string>& what, const SourceOptions& options) {
  const auto interface = std::ranges::find_if(what, [](const std::string& one) { return are_interfaces({one}); });
  if (interface == what.end()) return {};
  for (const std::string& one : what) {
    struct stat info{};
    if (one == "-" || one.find(':') != std::string::npos || ::stat(one.c_str(), &info) == 0 || are_interfaces({one}))
      continue;
    if (const auto opened = open_source(one, options); !opened) return opened.error();
  }
  return not_alone(*interface);
}

}  // namespace

util::Result<std::unique_ptr<Source>> open_sources(const std::vector<std::string>& what, const SourceOptions& options) {
  if (what.empty()) return util::Error{"no source: name an interface, a capture file, a folder of them, or -"};
  if (what.size() == 1 && !is_folder(what.front())) return open_source(what.front(), options);
  if (are_interfaces(what)) {
    auto sources = open_live(what, options, 1, 1);
    if (!sources) return sources.error();
    return std::move(sources->front());
  }
  if (const auto error = unlike_interfaces(what, options)) return *error;
  Looker looker(options);
  for (std::size_t i = 0; i < what.size(); ++i) {
    if (options.interrupted && options.interrupted()) break;
    if (const auto added = looker.add(what[i], static_cast<std::uint16_t>(i)); !added) return added.error();
  }
  Inputs inputs = looker.take();
  if (!looker.found_any() && inputs.errors.empty())
    return util::Error{fmt::format("{}: interrupted before anything of it was read", name_of_sources(what))};
  if (!looker.found_any()) return all_of(inputs.errors);
  return merge_sources(name_of_sources(what), std::move(inputs));
}

std::string name_of_sources(const std::vector<std::string>& what) {
  if (what.empty()) return "";
  return what.size() == 1 ? what.front() : fmt::format("{} and {} more", what.front(), what.size() - 1);
}

}  // namespace rata::capture
