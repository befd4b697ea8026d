#pragma once

#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "channel/https_channel.h"
#include "https_server.h"
#include "numbered.h"

namespace rata::channel {

/// Long enough for a busy machine; tests of the patience itself have their own.
inline constexpr HttpsPatience patient{.connect = std::chrono::seconds(10), .answer = std::chrono::seconds(10)};

/// The batch of `numbered` 0 up to `count`.
inline std::vector<summary::Summary> batch_of(std::uint64_t count) {
  std::vector<summary::Summary> batch;
  for (std::uint64_t i = 0; i < count; ++i) batch.push_back(numbered(i));
  return batch;
}

/// What a frame holds; "no frame" for anything but exactly one frame with its checksum.
inline std::string unpacked(const std::string& frame) {
  constexpr std::size_t descriptor = 4;  // of a frame's header, whose bit 2 says that there is a checksum (RFC 8878)
  constexpr unsigned checksum = 1u << 2;
  if (frame.size() <= descriptor || (static_cast<unsigned char>(frame[descriptor]) & checksum) == 0 ||
      ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size())
    return "no frame";
  std::string text(ZSTD_getFrameContentSize(frame.data(), frame.size()), '\0');
  const std::size_t size = ZSTD_decompress(text.data(), text.size(), frame.data(), frame.size());
  return size == text.size() ? text : "no frame";
}

inline std::vector<std::string> lines_in(const Request& request) {
  std::vector<std::string> lines;
  const std::string text = unpacked(request.body);
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(text.substr(at, end - at));
  return lines;
}

/// As an aggregator answers that commits everything.
inline Reply receipt(const Request& request) {
  if (request.target.ends_with("/healthz")) return {.body = "{\"state\":\"live\"}"};
  return {.body = "{\"committed\":" + std::to_string(lines_in(request).size()) + ",\"repeated\":0,\"refused\":[]}"};
}

/// The first requests get these replies, later ones receipts.
inline HttpsServer::Handler first(std::vector<Reply> replies) {
  return [replies = std::move(replies), next = std::size_t{0}](const Request& request) mutable {
    return next < replies.size() ? replies[next++] : receipt(request);
  };
}

inline std::unique_ptr<Channel> channel_to(const Settings& settings, HttpsPatience patience = patient) {
  auto opened = open_https_channel(settings, patience);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(*opened);
}
inline std::string bare_url(const HttpsServer& server) { return "http://127.0.0.1:" + std::to_string(server.port()); }

}  // namespace rata::channel
