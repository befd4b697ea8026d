#include "capture/compression.h"

#include <gtest/gtest.h>
#include <lzma.h>

#include <algorithm>
#include <random>

#include "capture/file_source.h"
#include "packing.h"

namespace rata::capture {
namespace {

using captures::Everything;
using captures::File;
using captures::frame_octets;
using captures::Octets;
using captures::Packing;
using captures::packings;

constexpr captures::Form plain;

/// Frames of octets that cannot be compressed, so that a stream has many blocks.
Octets capture_of(std::size_t frames, std::size_t octets_each) {
  std::mt19937 random(11);
  Octets octets = captures::file_header();
  for (std::size_t i = 0; i < frames; ++i) {
    Octets payload(octets_each);
    std::ranges::generate(payload, [&] { return static_cast<std::uint8_t>(random()); });
    const Octets record = captures::record(plain, static_cast<std::uint32_t>(i), 0, payload);
    octets.insert(octets.end(), record.begin(), record.end());
  }
  return octets;
}

/// True when `some` is how `all` begins.
bool is_beginning(const Everything& some, const Everything& all) {
  return some.frames.size() <= all.frames.size() &&
         std::ranges::equal(some.frames, std::span(all.frames).first(some.frames.size()),
                            [](const auto& a, const auto& b) { return a.octets == b.octets; });
}

TEST(Compression, EveryFormatIsFoundByItsContentInOneMemberOrMany) {
  const Octets octets = capture_of(400, 1000);
  const Everything expected = captures::read_all(File(octets));
  for (const Packing& packing : packings) {
    const Everything one = captures::read_all(File(packing.pack(octets)));
    EXPECT_EQ(one.error, "") << packing.name;
    EXPECT_EQ(one.frames.size(), 400u) << packing.name;
    EXPECT_TRUE(is_beginning(one, expected)) << packing.name;
    for (const std::size_t cut : {1u, 24u, 200'000u}) {
      const Octets members =
          captures::joined({packing.pack(captures::part(octets, 0, cut)), packing.pack({}), Octets(8),
                            packing.pack(captures::part(octets, cut, octets.size())), Octets(512)});
      const Everything many = captures::read_all(File(members));
      EXPECT_EQ(many.error, "") << packing.name;
      EXPECT_EQ(many.frames.size(), 400u) << packing.name;
      EXPECT_TRUE(is_beginning(many, expected)) << packing.name;
    }
  }
}

TEST(Compression, MembersOfDifferentFormatsAndSkippableFramesMayFollowEachOther) {
  const Octets octets = capture_of(50, 100), skippable = {0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3};
  Octets packed = skippable;
  for (std::size_t i = 0; i < std::size(packings); ++i)
    packed = captures::joined(
        {packed, packings[i].pack(captures::part(octets, octets.size() / 5 * i, octets.size() / 5 * (i + 1))),
         skippable});
  const Everything everything = captures::read_all(File(packed));
  EXPECT_EQ(everything.frames.size(), 49u);
  EXPECT_TRUE(is_beginning(everything, captures::read_all(File(octets))));
}

TEST(Compression, CutAnywhereGivesWhatWasThereAndSaysSo) {
  const Octets octets = capture_of(3, 60);
  const Everything expected = captures::read_all(File(octets));
  for (const Packing& packing : packings) {
    const Octets packed = packing.pack(octets);
    for (std::size_t size = 1; size < packed.size(); ++size) {
      const Everything everything = captures::read_all(File(captures::part(packed, 0, size)));
      EXPECT_TRUE(is_beginning(everything, expected)) << packing.name << " " << size;
      const std::string says = size < 6 ? ": is " : "the " + std::string(packing.name) + " stream is cut, at offset ";
      if (size < compression_magic_octets && everything.error.find("stream is cut") != std::string::npos) continue;
      EXPECT_TRUE(captures::contains(everything.error, says)) << size;
    }
  }
}

TEST(Compression, DamageAnywhereIsNamedOrHarmless) {
  const Octets octets = capture_of(3, 60);
  const Everything expected = captures::read_all(File(octets));
  for (const Packing& packing : packings) {
    const Octets packed = packing.pack(octets);
    for (std::size_t at = 0; at < packed.size(); ++at) {
      Octets changed = packed;
      changed[at] ^= 0xff;
      const Everything everything = captures::read_all(File(changed));
      EXPECT_TRUE(!everything.error.empty() || (everything.frames.size() == 3 && is_beginning(everything, expected)))
          << packing.name << " " << at;
    }
  }
}

TEST(Compression, WhatWasWholeBeforeTheDamageIsDelivered) {
  const Octets octets = capture_of(1000, 1000);
  const Everything expected = captures::read_all(File(octets));
  const struct {
    const char* name;
    std::size_t block;  ///< octets that one block of the format may take with it
  } losses[] = {{"gzip", 70'000}, {"xz", 70'000}, {"zstd", 132'000}, {"lz4", 66'000}, {"bzip2", 102'000}};
  for (std::size_t i = 0; i < std::size(packings); ++i) {
    const Octets packed = packings[i].pack(octets);
    for (const double share : {0.35, 0.6, 0.9}) {
      const auto place = static_cast<std::size_t>(static_cast<double>(packed.size()) * share);
      Octets broken = packed;
      for (std::size_t at = place; at < place + 200'000 && at < packed.size(); ++at) broken[at] = 0xff;
      for (const Octets& input : {broken, captures::part(packed, 0, place)}) {
        const Everything everything = captures::read_all(File(input));
        EXPECT_FALSE(everything.error.empty()) << packings[i].name;
        EXPECT_GE((everything.frames.size() + 2) * 1016 + losses[i].block, place)
            << packings[i].name << " " << share << ": " << everything.error;
        const auto certain = std::min(everything.frames.size(), place / 1020 - 1);
        Everything good;
        good.frames.assign(everything.frames.begin(),
                           everything.frames.begin() +
                               static_cast<std::ptrdiff_t>(
                                   certain > losses[i].block / 1016 + 2 ? certain - losses[i].block / 1016 - 2 : 0));
        EXPECT_TRUE(is_beginning(good, expected)) << packings[i].name;
      }
    }
  }
}

TEST(Compression, WhatLiesBehindTheLastMemberIsAnErrorUnlessItIsPadding) {
  const Octets octets = capture_of(5, 60);
  for (const Packing& packing : packings) {
    const Octets packed = packing.pack(octets);
    const Everything padded = captures::read_all(File(captures::joined({packed, Octets(100)})));
    EXPECT_EQ(padded.error, "") << packing.name;
    for (const std::size_t size : {1u, 5u, 6u, 1000u}) {
      const Everything everything = captures::read_all(File(captures::joined({packed, Octets(4), Octets(size, 'x')})));
      EXPECT_EQ(everything.frames.size(), 5u) << packing.name;
      EXPECT_TRUE(captures::contains(everything.error, "behind the " + std::string(packing.name) +
                                                           " stream, at offset " + std::to_string(packed.size() + 4) +
                                                           " of the compressed file, lies \"78"));
    }
  }
}

TEST(Compression, AHeaderThatWantsGigabytesIsRefused) {
  Octets large_xz = captures::xz(capture_of(3, 60));
  // Block header: its size, flags, perhaps sizes, filter id, size of its properties, dictionary, padding, CRC32.
  const auto header = large_xz.begin() + 12;
  const auto sum_place = header + (*header + 1) * 4 - 4;
  const Octets lzma2 = {0x21, 0x01};
  const auto filter = std::search(header + 2, sum_place, lzma2.begin(), lzma2.end());
  ASSERT_NE(filter, sum_place);
  filter[2] = 40;  // 4 GiB
  const std::uint32_t sum = lzma_crc32(&*header, static_cast<std::size_t>(sum_place - header), 0);
  for (int i = 0; i < 4; ++i) sum_place[i] = static_cast<std::uint8_t>(sum >> 8 * i);
  const Octets large_zstd = {0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0};  // a window of 2^28 octets
  for (const auto& [name, octets] : {std::pair{"xz", large_xz}, std::pair{"zstd", large_zstd}})
    EXPECT_TRUE(captures::contains(
        captures::read_all(File(octets)).error,
        "the " + std::string(name) + " stream wants more memory than the 128 MiB that one stream may take"));
}

/// Octets one by one, now and then with a silence longer than the libraries bear calls without octets.
class Trickle final : public OctetInput {
 public:
  explicit Trickle(Octets octets) : octets_(std::move(octets)) {}
  Got read(std::span<std::uint8_t> into, std::size_t& count) override {
    if (++calls_ % (at_ % 50 == 10 ? 20 : 2) != 0) return Got::idle;
    if (at_ == octets_.size()) return Got::end;
    into[0] = octets_[at_++];
    count = 1;
    return Got::some;
  }
  const std::string& failure() const override { return failure_; }

 private:
  Octets octets_;
  std::size_t at_ = 0, calls_ = 0;
  std::string failure_;
};

TEST(Compression, OfAPipeThatIsOftenSilentIsUndoneOctetByOctet) {
  const Octets octets = capture_of(20, 60);
  for (const Packing& packing : packings) {
    const Octets packed = captures::joined({packing.pack(captures::part(octets, 0, 500)), Octets(4),
                                            packing.pack(captures::part(octets, 500, octets.size()))});
    auto source = open_capture("trickle", std::make_unique<Trickle>(packed));
    ASSERT_TRUE(source) << packing.name << ": " << source.error().message;
    const Everything everything = captures::read_all(**source);
    EXPECT_EQ(everything.error, "") << packing.name;
    EXPECT_EQ(everything.frames.size(), 20u) << packing.name;
  }
}

/// Good octets, then a disk that fails.
class Failing final : public OctetInput {
 public:
  explicit Failing(Octets octets) : octets_(std::move(octets)) {}
  Got read(std::span<std::uint8_t> into, std::size_t& count) override {
    count = std::min(into.size(), octets_.size());
    if (count == 0) return Got::failed;
    std::copy_n(octets_.begin(), count, into.begin());
    octets_.erase(octets_.begin(), octets_.begin() + static_cast<std::ptrdiff_t>(count));
    return Got::some;
  }
  const std::string& failure() const override { return failure_; }

 private:
  Octets octets_;
  std::string failure_ = "reading failed: the disk is gone";
};

TEST(Compression, AReadThatFailsIsToldBehindWhatWasRead) {
  const Octets octets = capture_of(1000, 1000);
  for (const Packing& packing : packings) {
    const Octets packed = packing.pack(octets);
    auto source = open_capture("x", std::make_unique<Failing>(captures::part(packed, 0, packed.size() / 2)));
    ASSERT_TRUE(source) << packing.name;
    const Everything everything = captures::read_all(**source);
    EXPECT_GT(everything.frames.size(), 300u) << packing.name;
    EXPECT_TRUE(captures::contains(everything.error, "x: reading failed: the disk is gone, at offset "));
  }
}

}  // namespace
}  // namespace rata::capture
