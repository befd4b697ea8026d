#include "hub/batch.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "summary/reading.h"
#include "util/owned.h"

namespace rata::hub {

namespace {

Unpacked refused(unsigned status, std::string why) { return {.lines = {}, .status = status, .why = std::move(why)}; }

Unpacked with_few_lines(std::string lines) {
  if (static_cast<std::size_t>(std::ranges::count(lines, '\n')) > most_lines)
    return refused(413, fmt::format("more than {} lines", most_lines));
  return {.lines = std::move(lines), .status = 200, .why = {}};
}

Unpacked too_large(const serve::Delivery& delivery) {
  return refused(413, fmt::format("more than {} octets come out of the body", delivery.unpacked_octets));
}

/// As it is at the beginning: one costs more to make than a batch to unpack.
ZSTD_DCtx* unpacker() {
  thread_local const util::Owned<ZSTD_DCtx, ZSTD_freeDCtx> context(ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  return context.get();
}

}  // namespace

Unpacked unpack(const serve::Delivery& delivery) {
  if (!delivery.zstd)
    return delivery.octets.size() > delivery.unpacked_octets ? too_large(delivery) : with_few_lines(delivery.octets);
  ZSTD_DCtx* const context = unpacker();
  std::string out, piece(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{delivery.octets.data(), delivery.octets.size(), 0};
  std::size_t wanted = 1;
  while (in.pos < in.size) {
    ZSTD_outBuffer to{piece.data(), piece.size(), 0};
    wanted = ZSTD_decompressStream(context, &to, &in);
    if (ZSTD_isError(wanted) != 0)
      return refused(400, fmt::format("the body is no zstd: {}", ZSTD_getErrorName(wanted)));
    if (out.size() + to.pos > delivery.unpacked_octets) return too_large(delivery);
    out.append(piece, 0, to.pos);
  }
  if (wanted != 0 && !delivery.octets.empty()) return refused(400, "the body ends in the middle of a zstd frame");
  return with_few_lines(std::move(out));
}

Batch read_batch(std::string_view lines, const std::vector<std::string>& servers, util::Time arrival) {
  Batch batch;
  std::size_t number = 0;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    ++number;
    if (line.empty()) continue;
    auto summary = summary::read_json(line, arrival);
    if (!summary)
      batch.refused.push_back({number, summary.error().message});
    else if (!servers.empty() && std::ranges::find(servers, summary->server) == servers.end())
      batch.refused.push_back({number, fmt::format("may not send for the server \"{}\"", summary->server)});
    else
      batch.entries.push_back({number, line, std::make_shared<summary::Summary>(*std::move(summary))});
  }
  return batch;
}

}  // namespace rata::hub
