#include "https_way.h"

#include "https_aggregator.h"
#include "util/guarded.h"

namespace rata::channel {
namespace {

using Lines = std::vector<std::string>;

class HttpsWay final : public Way {
 public:
  std::unique_ptr<Channel> open_channel() override {
    return channel_to({.url = "https://localhost:" + std::to_string(server_.port()), .ca_file = authority_.file()});
  }
  void shut() override { full_ = true; }
  void open() override { full_ = false; }
  std::optional<Lines> arrived() override {
    return lines_.with([](const Lines& lines) { return lines; });
  }

 private:
  Reply answer(const Request& request) {
    if (full_) return {.status = 503, .body = R"({"error":"no room"})"};
    lines_.with([&](Lines& lines) {
      for (std::string& line : lines_in(request)) lines.push_back(std::move(line));
    });
    return receipt(request);
  }

  Authority authority_{"authority"};
  std::atomic<bool> full_ = false;
  util::Guarded<Lines> lines_;
  HttpsServer server_{{.identity = authority_.issue("server", "DNS:localhost")},
                      [this](const Request& request) { return answer(request); }};
};

}  // namespace

std::unique_ptr<Way> make_https_way() { return std::make_unique<HttpsWay>(); }

}  // namespace rata::channel
