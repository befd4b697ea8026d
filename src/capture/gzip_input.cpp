#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>

#include "capture/octet_input.h"

namespace rata::capture {
namespace {

constexpr std::size_t compressed_buffer_octets = 128 * 1024;

class GzipInput final : public OctetInput {
 public:
  GzipInput(std::unique_ptr<OctetInput> compressed, std::span<const std::uint8_t> first)
      : compressed_(std::move(compressed)), buffer_(std::max(compressed_buffer_octets, first.size())) {
    std::copy(first.begin(), first.end(), buffer_.begin());
    stream_.next_in = buffer_.data();
    stream_.avail_in = static_cast<uInt>(first.size());
    constexpr int gzip_only = 16 + MAX_WBITS;
    ready_ = inflateInit2(&stream_, gzip_only) == Z_OK;
  }
  ~GzipInput() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipInput(const GzipInput&) = delete;
  GzipInput& operator=(const GzipInput&) = delete;

  Got read(std::span<std::uint8_t> into, std::size_t& count) override {
    if (!ready_) return failed("no memory to inflate it");
    for (;;) {
      if (between_members_) {
        const Got next = start_member();
        if (next != Got::some) return next;
      }
      const std::size_t got = inflate_into(into);
      if (!failure_.empty()) return Got::failed;
      if (got > 0) {
        count = got;
        return Got::some;
      }
      if (between_members_) continue;
      const Got more = refill();
      if (more == Got::end) return failed("the gzip stream is cut");
      if (more != Got::some) return more;
    }
  }

  const std::string& failure() const override { return failure_; }

 private:
  std::size_t inflate_into(std::span<std::uint8_t> into) {
    stream_.next_out = into.data();
    stream_.avail_out = static_cast<uInt>(into.size());
    const int status = inflate(&stream_, Z_SYNC_FLUSH);
    const std::size_t got = into.size() - stream_.avail_out;
    if (status == Z_STREAM_END) {
      between_members_ = true;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      // What was inflated before the damage is still good.
      if (got == 0)
        failed(std::string("the gzip stream is damaged") + (stream_.msg ? ": " + std::string(stream_.msg) : ""));
    }
    return got;
  }

  /// Another member, or the end.
  Got start_member() {
    while (stream_.avail_in < 2) {
      const Got more = refill();
      if (more != Got::some) return more;
    }
    if (stream_.next_in[0] != 0x1f || stream_.next_in[1] != 0x8b) return Got::end;
    inflateReset(&stream_);
    between_members_ = false;
    return Got::some;
  }

  Got refill() {
    std::copy_n(stream_.next_in, stream_.avail_in, buffer_.data());
    stream_.next_in = buffer_.data();
    std::size_t count = 0;
    const Got got = compressed_->read(std::span(buffer_).subspan(stream_.avail_in), count);
    if (got == Got::some) stream_.avail_in += static_cast<uInt>(count);
    if (got == Got::failed) failure_ = compressed_->failure();
    return got;
  }

  Got failed(std::string why) {
    failure_ = std::move(why);
    return Got::failed;
  }

  std::unique_ptr<OctetInput> compressed_;
  std::vector<std::uint8_t> buffer_;
  z_stream stream_{};
  std::string failure_;
  bool ready_ = false;
  bool between_members_ = false;
};

}  // namespace

std::unique_ptr<OctetInput> gzip_input(std::unique_ptr<OctetInput> compressed, std::span<const std::uint8_t> first) {
  return std::make_unique<GzipInput>(std::move(compressed), first);
}

}  // namespace rata::capture
