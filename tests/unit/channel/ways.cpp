#include "ways.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "channel/lines.h"
#include "fake_redis.h"
#include "https_way.h"
#include "util/guarded.h"

namespace rata::channel {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

class Gate final : public Channel {
 public:
  Gate(std::unique_ptr<Channel> channel, const std::atomic<bool>& shut) : channel_(std::move(channel)), shut_(shut) {}
  Attempt send(std::span<const summary::Summary> batch) override {
    if (shut_) return {Attempt::State::try_again, "the gate is shut", {}};
    return channel_->send(batch);
  }

 private:
  std::unique_ptr<Channel> channel_;
  const std::atomic<bool>& shut_;
};

std::unique_ptr<Channel> opened(const Settings& settings, const Deliver& deliver = {}) {
  auto channel = channel::open_channel(settings, deliver);
  EXPECT_TRUE(channel) << channel.error().message;
  return std::move(*channel);
}

class MemoryWay final : public Way {
 public:
  std::unique_ptr<Channel> open_channel() override {
    return with_gate(opened({.url = "memory:"}, [this](std::span<const summary::Summary> batch) {
      lines_.with([&](Lines& lines) {
        for (const summary::Summary& summary : batch) lines.push_back(summary::to_json(summary));
      });
    }));
  }
  std::optional<Lines> arrived() override {
    return lines_.with([](const Lines& lines) { return lines; });
  }

 private:
  util::Guarded<Lines> lines_;
};

class NullWay final : public Way {
 public:
  std::unique_ptr<Channel> open_channel() override { return with_gate(opened({.url = "null:"})); }
  std::optional<Lines> arrived() override { return std::nullopt; }
};

Lines lines_in(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string read_plain(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string read_gzip(const fs::path& file) {
  std::string text(8u << 20, '\0');
  gzFile stream = gzopen(file.c_str(), "rb");
  if (stream == nullptr) return "";
  text.resize(static_cast<std::size_t>(gzread(stream, text.data(), static_cast<unsigned>(text.size()))));
  gzclose(stream);
  return text;
}

std::string read_zstd(const fs::path& file) {
  const std::string octets = read_plain(file);
  std::string text;
  for (std::size_t at = 0; at < octets.size();) {
    const std::size_t size = ZSTD_findFrameCompressedSize(octets.data() + at, octets.size() - at);
    if (ZSTD_isError(size) != 0) break;
    std::string frame(ZSTD_getFrameContentSize(octets.data() + at, size), '\0');
    ZSTD_decompress(frame.data(), frame.size(), octets.data() + at, size);
    text += frame;
    at += size;
  }
  return text;
}

/// Shut: its folder is elsewhere.
template <Compression compression>
class FileWay final : public Way {
 public:
  FileWay() { fs::create_directory(folder()); }
  std::unique_ptr<Channel> open_channel() override {
    // A channel may be opened while the way is shut; a file's folder has to be there then.
    const bool away = fs::exists(elsewhere());
    if (away) open();
    auto channel = opened({.url = "file://" + (folder() / "log.jsonl").string(), .compress = compression});
    if (away) shut();
    return channel;
  }
  void shut() override { fs::rename(folder(), elsewhere()); }
  void open() override { fs::rename(elsewhere(), folder()); }
  std::optional<Lines> arrived() override {
    const fs::path place = fs::exists(folder()) ? folder() : elsewhere();
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
    // Finished ones have a time in their names, and stand before the one that is written.
    std::ranges::sort(files);
    Lines lines;
    for (const fs::path& file : files)
      for (std::string& line : lines_in(read(file))) lines.push_back(std::move(line));
    return lines;
  }

 private:
  static std::string read(const fs::path& file) {
    if (compression == Compression::gzip) return read_gzip(file);
    return compression == Compression::zstd ? read_zstd(file) : read_plain(file);
  }
  fs::path folder() const { return folder_.path() / "log"; }
  fs::path elsewhere() const { return folder_.path() / "elsewhere"; }

  TestFolder folder_;
};

/// Lines into a pipe, as on standard output.
class PipeWay final : public Way {
 public:
  PipeWay() {
    if (pipe2(ends_, O_CLOEXEC) != 0) std::abort();
    reader_ = std::thread([this] {
      char part[65'536];
      for (ssize_t count = 0; (count = read(ends_[0], part, sizeof part)) > 0;)
        text_.with([&](std::string& text) { text.append(part, static_cast<std::size_t>(count)); });
    });
  }
  ~PipeWay() override {
    close(ends_[1]);
    reader_.join();
    close(ends_[0]);
  }
  std::unique_ptr<Channel> open_channel() override {
    return with_gate(make_line_channel(dup(ends_[1]), "the pipe", summary::Form::own));
  }
  std::optional<Lines> arrived() override {
    return lines_in(text_.with([](const std::string& text) { return text; }));
  }

 private:
  int ends_[2] = {-1, -1};
  util::Guarded<std::string> text_;
  std::thread reader_;
};

/// Shut: Redis is down.
class RedisWay final : public Way {
 public:
  RedisWay()
      : redis_(
            [this](std::string message) { lines_.with([&](Lines& lines) { lines.push_back(std::move(message)); }); }) {}
  std::unique_ptr<Channel> open_channel() override { return opened({.url = redis_.url()}); }
  void shut() override { redis_.stop(); }
  void open() override { redis_.start(); }
  std::optional<Lines> arrived() override {
    return lines_.with([](const Lines& lines) { return lines; });
  }

 private:
  util::Guarded<Lines> lines_;
  FakeRedis redis_;
};

template <typename Kind>
std::unique_ptr<Way> make() {
  return std::make_unique<Kind>();
}

}  // namespace

std::unique_ptr<Channel> Way::with_gate(std::unique_ptr<Channel> channel) const {
  return std::make_unique<Gate>(std::move(channel), shut_);
}

std::vector<WayType> way_types() {
  return {{"memory", make<MemoryWay>},
          {"null", make<NullWay>},
          {"file", make<FileWay<Compression::none>>},
          {"file_gzip", make<FileWay<Compression::gzip>>},
          {"file_zstd", make<FileWay<Compression::zstd>>},
          {"pipe", make<PipeWay>},
          {"redis", make<RedisWay>},
          {"https", make_https_way}};
}

}  // namespace rata::channel
