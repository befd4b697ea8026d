#include "captures.h"

#include <unistd.h>
#include <zlib.h>

#include <fstream>

namespace rata::capture::captures {
namespace {

void put(Octets& octets, const Form& form, std::uint32_t value) {
  for (int i = 0; i < 4; ++i)
    octets.push_back(static_cast<std::uint8_t>(value >> (form.big_endian ? 24 - 8 * i : 8 * i)));
}

}  // namespace

Octets file_header(const Form& form) {
  Octets octets;
  put(octets, form, form.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
  put(octets, form, form.big_endian ? 2u << 16 | 4 : 2 | 4u << 16);
  put(octets, form, 0);
  put(octets, form, 0);
  put(octets, form, 65535);
  put(octets, form, form.link_field);
  return octets;
}

Octets record(const Form& form, std::uint32_t seconds, std::uint32_t fraction, std::span<const std::uint8_t> payload,
              std::uint32_t original_length) {
  Octets octets;
  const auto captured = static_cast<std::uint32_t>(payload.size());
  for (const std::uint32_t field : {seconds, fraction, captured, original_length == 0 ? captured : original_length})
    put(octets, form, field);
  return joined({octets, payload});
}

Octets gzip(std::span<const std::uint8_t> octets) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Octets input(octets.begin(), octets.end());
  Octets packed(deflateBound(&stream, input.size()) + 64);
  stream.next_in = input.data();
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

Octets joined(std::initializer_list<std::span<const std::uint8_t>> parts) {
  Octets octets;
  for (const auto part : parts) octets.insert(octets.end(), part.begin(), part.end());
  return octets;
}

Octets part(const Octets& octets, std::size_t begin, std::size_t end) {
  const auto view = std::span(octets).subspan(begin, end - begin);
  return {view.begin(), view.end()};
}

Octets frame_octets(std::size_t number, std::size_t size) {
  Octets octets(size);
  for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(number * 31 + i);
  return octets;
}

File::File(std::span<const std::uint8_t> octets) {
  std::string name = (std::filesystem::temp_directory_path() / "rata-capture-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  EXPECT_GE(descriptor, 0);
  ::close(descriptor);
  path_ = name;
  std::ofstream(path_, std::ios::binary)
      .write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
}

File::~File() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

Everything read_all(Source& source) {
  Everything everything;
  std::vector<Frame> batch;
  for (;;) {
    const Read read = source.read(batch);
    if (read == Read::end) break;
    EXPECT_EQ(batch.empty(), read == Read::idle);
    EXPECT_LE(batch.size(), max_batch);
    ++everything.reads;
    for (const Frame& frame : batch) everything.frames.push_back({{frame.octets.begin(), frame.octets.end()}, frame});
  }
  EXPECT_TRUE(batch.empty());
  if (!source.errors().empty()) everything.error = source.errors().front().message;
  EXPECT_EQ(source.read(batch), Read::end) << "the end stays the end";
  return everything;
}

Everything read_all(const File& file) {
  const auto source = open_source(file.path());
  if (source) return read_all(**source);
  return {.frames = {}, .error = source.error().message};
}

testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << '"' << text << "\" does not contain \"" << part << '"';
}

}  // namespace rata::capture::captures
