// Sends the frames of a capture into an interface, around and around, at a steady rate; then says how many went out.

#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t file_header_octets = 24, record_header_octets = 16, length_at = 8;
constexpr unsigned most_at_once = 64;

struct Options {
  std::string file, interface;
  double rate = 0, seconds = 0;
};

struct Sent {
  std::uint64_t frames = 0, octets = 0, refused = 0;
  double seconds = 0;
};

/// The frames of a pcap of this machine's byte order, where they lie in `octets`.
std::vector<iovec> frames_in(std::vector<char>& octets) {
  std::vector<iovec> frames;
  for (std::size_t at = file_header_octets; at + record_header_octets <= octets.size();) {
    std::uint32_t length = 0;
    std::memcpy(&length, octets.data() + at + length_at, sizeof length);
    at += record_header_octets;
    if (length > octets.size() - at) break;
    frames.push_back({octets.data() + at, length});
    at += length;
  }
  return frames;
}

int open_socket(const std::string& interface) {
  const int socket = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (socket < 0 || to.sll_ifindex == 0 || ::bind(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error(fmt::format("{}: cannot be sent into: {}", interface, std::strerror(errno)));
  const int yes = 1;
  ::setsockopt(socket, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
  return socket;
}

/// What the interface does not take, too long or too much, is counted and not sent again.
class Sender {
 public:
  Sender(int socket, std::vector<iovec> frames) : socket_(socket), frames_(std::move(frames)) {}

  void send(unsigned count, Sent& sent) {
    mmsghdr messages[most_at_once] = {};
    for (unsigned i = 0; i < count; ++i) {
      messages[i].msg_hdr.msg_iov = &frames_[next_];
      messages[i].msg_hdr.msg_iovlen = 1;
      next_ = (next_ + 1) % frames_.size();
    }
    for (unsigned done = 0; done < count;) {
      const int went = ::sendmmsg(socket_, messages + done, count - done, 0);
      for (int i = 0; i < went; ++i) sent.octets += messages[done + static_cast<unsigned>(i)].msg_len;
      sent.frames += static_cast<std::uint64_t>(std::max(went, 0));
      sent.refused += went < 0 ? 1 : 0;
      done += went < 0 ? 1 : static_cast<unsigned>(went);
    }
  }

 private:
  int socket_;
  std::vector<iovec> frames_;
  std::size_t next_ = 0;
};

Sent send_steadily(Sender& sender, const Options& options) {
  using clock = std::chrono::steady_clock;
  Sent sent;
  const auto begin = clock::now();
  for (;;) {
    sent.seconds = std::chrono::duration<double>(clock::now() - begin).count();
    if (sent.seconds >= options.seconds) return sent;
    const double due =
        options.rate > 0 ? sent.seconds * options.rate - static_cast<double>(sent.frames + sent.refused) : most_at_once;
    if (due >= 1)
      sender.send(static_cast<unsigned>(std::min<double>(due, most_at_once)), sent);
    else
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Sends the frames of a pcap into an interface at a steady rate; prints what went out, as JSON.");
  app.add_option("FILE", options.file, "a pcap as ratadns-traffic writes it")->required()->check(CLI::ExistingFile);
  app.add_option("--interface", options.interface, "where to send them")->required();
  app.add_option("--rate", options.rate, "frames a second; 0: as many as go")->check(CLI::NonNegativeNumber);
  app.add_option("--seconds", options.seconds, "how long")->required()->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  try {
    std::ifstream file(options.file, std::ios::binary);
    std::vector<char> octets{std::istreambuf_iterator<char>(file), {}};
    const std::vector<iovec> frames = frames_in(octets);
    if (frames.empty()) throw std::runtime_error(options.file + ": holds no frame");
    Sender sender(open_socket(options.interface), frames);
    const Sent sent = send_steadily(sender, options);
    fmt::print("{{\"frames\":{},\"octets\":{},\"refused\":{},\"seconds\":{:.3f}}}\n", sent.frames, sent.octets,
               sent.refused, sent.seconds);
    return 0;
  } catch (const std::exception& fault) {
    fmt::print(stderr, "ratadns-send: {}\n", fault.what());
    return 1;
  }
}
