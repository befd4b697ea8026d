#include "capture/dnstap_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "capture/dnstap_batch.h"
#include "capture/dnstap_writer.h"
#include "capture/octet_input.h"
#include "capture/socket_address.h"

namespace rata::capture {
namespace {

constexpr int patience_ms = 200;
constexpr int backlog = 64;
constexpr std::size_t max_writers = 64;
/// How long the listener is left alone when a writer could not be let in: it stays readable, and polling it would spin.
constexpr std::chrono::seconds listener_rest{1};

/// Takes a socket's file away again, unless somebody has put another in its place.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path) : path_(std::move(path)) {
    if (::lstat(path_.c_str(), &info_) != 0) path_.clear();
  }
  SocketFile(SocketFile&& other) noexcept : path_(std::exchange(other.path_, {})), info_(other.info_) {}
  SocketFile& operator=(SocketFile&&) = delete;
  ~SocketFile() {
    struct stat now{};
    if (!path_.empty() && ::lstat(path_.c_str(), &now) == 0 && now.st_ino == info_.st_ino && now.st_dev == info_.st_dev)
      ::unlink(path_.c_str());
  }

 private:
  std::string path_;
  struct stat info_{};
};

class DnstapSocket final : public Source {
 public:
  DnstapSocket(std::string name, Descriptor listener, SocketFile file, const SourceOptions& options)
      : name_(std::move(name)),
        listener_(std::move(listener)),
        file_(std::move(file)),
        batch_(options.arrival_time ? options.clock : nullptr) {}

  Read read(std::vector<Frame>& batch) override;
  const std::vector<util::Error>& errors() const override { return errors_; }
  const std::vector<util::Error>& complaints() const override { return complaints_; }
  SourceStats stats() override {
    SourceStats stats = batch_.stats();
    stats.left_out = left_out_;
    return stats;
  }
  bool live() const override { return true; }
  const std::set<LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  void stop() override { stop_.set(); }

 private:
  void take_ready();
  bool wait();
  void receive();
  void let_in();
  void not_let_in(int fault);
  void drop_ended();
  void complain(const std::string& why);

  std::string name_;
  StopSignal stop_;
  Descriptor listener_;
  SocketFile file_;
  std::vector<std::unique_ptr<DnstapWriter>> writers_;
  std::vector<pollfd> waiting_;  ///< stop, listener, then the writers in their order
  std::uint64_t writers_seen_ = 0;
  std::size_t turn_ = 0;  ///< who is first in the next batch
  std::chrono::steady_clock::time_point listen_from_{};
  bool full_said_ = false, refused_said_ = false;
  DnstapBatch batch_;
  std::set<LinkType> link_types_ = {LinkType::Dnstap};
  std::vector<util::Error> errors_;  ///< none: a socket that listens does not fail
  std::vector<util::Error> complaints_;
  std::uint64_t more_complaints_ = 0, left_out_ = 0;
};

Read DnstapSocket::read(std::vector<Frame>& batch) {
  batch_.begin(batch);
  drop_ended();
  take_ready();
  if (batch_.empty() && wait()) {
    receive();
    take_ready();
  }
  if (!batch_.empty()) return Read::frames;
  if (!stop_.is_set()) return Read::idle;
  drop_ended();  // no frame of theirs is in use: their faults are told before the end
  return Read::end;
}

/// What lies whole in the writers' buffers, up to a batch; another writer begins each time.
void DnstapSocket::take_ready() {
  for (std::size_t i = 0; i < writers_.size() && !batch_.full(); ++i)
    writers_[(turn_ + i) % writers_.size()]->take_frames(batch_);
  ++turn_;
}

/// False when nothing came, or nothing is to come any more.
bool DnstapSocket::wait() {
  waiting_.clear();
  waiting_.push_back({stop_.descriptor(), POLLIN, 0});
  // poll passes over a negative descriptor: further writers wait to be let in.
  const bool listens = writers_.size() < max_writers && std::chrono::steady_clock::now() >= listen_from_;
  waiting_.push_back({listens ? listener_.number() : -1, POLLIN, 0});
  for (const auto& writer : writers_) waiting_.push_back({writer->descriptor(), POLLIN, 0});
  return ::poll(waiting_.data(), waiting_.size(), patience_ms) > 0 && !stop_.is_set();
}

void DnstapSocket::receive() {
  for (std::size_t i = 0; i < writers_.size(); ++i)
    if (waiting_[i + 2].revents != 0) writers_[i]->receive();
  if (waiting_[1].revents != 0) let_in();
}

void DnstapSocket::let_in() {
  while (writers_.size() < max_writers) {
    const int number = ::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (number < 0) return not_let_in(errno);
    writers_.push_back(std::make_unique<DnstapWriter>(Descriptor(number), ++writers_seen_));
  }
  if (!std::exchange(full_said_, true))
    complain(
        fmt::format("{} writers are connected, the most that are served at a time: further ones wait", max_writers));
}

void DnstapSocket::not_let_in(int fault) {
  if (fault != EMFILE && fault != ENFILE && fault != ENOMEM && fault != ENOBUFS) return;
  listen_from_ = std::chrono::steady_clock::now() + listener_rest;
  if (!std::exchange(refused_said_, true))
    complain(fmt::format("a writer cannot be let in: {}; it waits, and is tried again every {} s", std::strerror(fault),
                         listener_rest.count()));
}

/// Their frames of the batch before are done with.
void DnstapSocket::drop_ended() {
  const auto now = std::chrono::steady_clock::now();
  for (const auto& writer : writers_) {
    writer->check_patience(now);
    if (!writer->ended()) continue;
    left_out_ += writer->left_out();
    if (!writer->fault().empty()) complain(writer->fault());
  }
  std::erase_if(writers_, [](const auto& writer) { return writer->ended(); });
}

void DnstapSocket::complain(const std::string& why) {
  if (complaints_.size() < max_told_errors) {
    complaints_.push_back({fmt::format("{}: {}", name_, why)});
    return;
  }
  if (complaints_.size() == max_told_errors) complaints_.emplace_back();
  complaints_.back().message = fmt::format("{}: and {} more complaints about writers", name_, ++more_complaints_);
}

util::Error socket_error(const std::string& name, const char* what) {
  return {fmt::format("{}: {}: {}", name, what, std::strerror(errno))};
}

/// Whether a socket's file may be taken away: nobody serves it.
util::Result<void> make_room(const std::string& name, const SocketAddress& address, const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode))
    return util::Error{
        fmt::format("{}: is neither a file nor a socket; a path where a socket can be made is accepted", name)};
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int connected = ::connect(probe.number(), address.get(), address.size());
  if (connected == 0 || errno == EAGAIN)
    return util::Error{fmt::format("{}: another program listens at this socket already", name)};
  if (errno != ECONNREFUSED) return socket_error(name, "there is a socket that cannot be tried");
  if (::unlink(path.c_str()) != 0) return socket_error(name, "the socket of a program that is gone cannot be removed");
  return {};
}

}  // namespace

util::Result<std::unique_ptr<Source>> listen_dnstap_unix(const std::string& name, const std::string& path,
                                                         const SourceOptions& options) {
  const auto address = SocketAddress::unix_path(path);
  if (!address) return util::Error{fmt::format("{}: {}", name, address.error().message)};
  if (auto room = make_room(name, *address, path); !room) return room.error();
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.number() < 0 || ::bind(listener.number(), address->get(), address->size()) != 0)
    return socket_error(name, "a socket cannot be made there");
  SocketFile file(path);
  // Nobody can connect before `listen`: the mode is set in time, whatever the umask.
  if (::chmod(path.c_str(), 0660) != 0 || ::listen(listener.number(), backlog) != 0)
    return socket_error(name, "cannot listen there");
  return std::unique_ptr<Source>(std::make_unique<DnstapSocket>(name, std::move(listener), std::move(file), options));
}

util::Result<std::unique_ptr<Source>> listen_dnstap_tcp(const std::string& name, const std::string& address, bool open,
                                                        const SourceOptions& options) {
  auto where = SocketAddress::tcp(address);
  if (!where) return util::Error{fmt::format("{}: {}", name, where.error().message)};
  if (!where->loopback() && !open)
    return util::Error{fmt::format(
        "{}: whoever reaches this address could feed in what they like, since dnstap has no authentication: "
        "dnstap:tcp:127.0.0.1:PORT with a tunnel to it, or, in a network that you trust, dnstap:tcp-open:{}",
        name, address)};
  Descriptor listener(::socket(where->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (listener.number() < 0 || ::bind(listener.number(), where->get(), where->size()) != 0 ||
      ::listen(listener.number(), backlog) != 0)
    return socket_error(name, "cannot listen there");
  const std::string shown =
      fmt::format("dnstap:{}:{}", open ? "tcp-open" : "tcp", where->bound_text(listener.number()));
  return std::unique_ptr<Source>(std::make_unique<DnstapSocket>(shown, std::move(listener), SocketFile(), options));
}

}  // namespace rata::capture
