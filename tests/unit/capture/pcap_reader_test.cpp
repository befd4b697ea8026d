#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "captures.h"

namespace rata::capture {
namespace {

using captures::Everything;
using captures::File;
using captures::Form;
using captures::Octets;

constexpr Form plain;

Octets three_records(const Form& form = plain) {
  return captures::joined({captures::file_header(form), captures::record(form, 10, 1, captures::frame_octets(0, 60)),
                           captures::record(form, 11, 2, captures::frame_octets(1, 0)),
                           captures::record(form, 12, 3, captures::frame_octets(2, 100), 1500)});
}

void expect_three(const Everything& everything, const std::string& what, std::int64_t tick_ns = 1000) {
  ASSERT_EQ(everything.frames.size(), 3u) << what << ": " << everything.error;
  const std::size_t sizes[] = {60, 0, 100}, lengths[] = {60, 0, 1500};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& [octets, frame] = everything.frames[i];
    const auto second = static_cast<std::int64_t>(i);
    EXPECT_EQ(octets, captures::frame_octets(i, sizes[i])) << what;
    EXPECT_EQ(frame.original_length, lengths[i]) << what;
    EXPECT_EQ(frame.ordinal, i) << what;
    EXPECT_EQ(frame.time.ns, (10 + second) * util::ns_per_second + (1 + second) * tick_ns) << what;
  }
}

TEST(PcapFile, IsReadInEitherByteOrderAndWithEitherUnitOfTimePlainAndGzip) {
  for (const bool big_endian : {false, true}) {
    for (const bool nanoseconds : {false, true}) {
      const Octets octets = three_records({.big_endian = big_endian, .nanoseconds = nanoseconds});
      const std::int64_t tick_ns = nanoseconds ? 1 : 1000;
      const Everything one = captures::read_all(File(octets));
      expect_three(one, "plain", tick_ns);
      EXPECT_EQ(one.error, "");
      EXPECT_EQ(one.frames[0].frame.link, LinkType::Ethernet);
      expect_three(captures::read_all(File(captures::gzip(octets))), "gzip", tick_ns);
    }
  }
}

TEST(PcapFile, TellsWhatItHasRead) {
  const File file(three_records({.link_field = 276}));
  auto source = *open_source(file.path());
  EXPECT_FALSE(source->live());
  EXPECT_EQ(source->name(), file.path());
  captures::read_all(*source);
  EXPECT_EQ(source->stats().frames, 3u);
  EXPECT_EQ(source->stats().octets, 160u);
  EXPECT_EQ(source->stats().kernel_dropped, 0u);
  EXPECT_EQ(source->link_types(), std::set<LinkType>{LinkType::LinuxSll2});
}

TEST(PcapFile, NoNumberInAFileIsOneThatWeGiveToMessagesWithoutFrames) {
  for (const std::uint32_t number : {0xff01u, 0xff02u, 0x10001u, 0x10002u, 0xffffu}) {
    const Everything everything = captures::read_all(File(three_records({.link_field = number})));
    ASSERT_EQ(everything.frames.size(), 3u);
    const LinkType link = everything.frames[0].frame.link;
    EXPECT_TRUE(link != LinkType::Dnstap && link != LinkType::Speedy) << std::hex << number;
    EXPECT_EQ(static_cast<std::uint32_t>(link), number & 0xffff);
  }
  static_assert(static_cast<std::uint32_t>(LinkType::Dnstap) > 0xffff);
  static_assert(static_cast<std::uint32_t>(LinkType::Speedy) > 0xffff);
}

TEST(PcapFile, OfOnlyAHeaderHasNoFramesAndIsSound) {
  const Everything everything = captures::read_all(File(captures::file_header()));
  EXPECT_TRUE(everything.frames.empty());
  EXPECT_EQ(everything.error, "");
}

TEST(PcapFile, TimeReachesTo2106AndFractionsAboveASecondAreCarriedOver) {
  const Octets octets =
      captures::joined({captures::file_header(), captures::record(plain, 0xffffffff, 999'999, {}),
                        captures::record(plain, 5, 2'500'000, {}), captures::record(plain, 0, 0xffffffff, {})});
  const Everything everything = captures::read_all(File(octets));
  ASSERT_EQ(everything.frames.size(), 3u);
  EXPECT_EQ(everything.frames[0].frame.time.ns, 4'294'967'295'999'999'000);
  EXPECT_EQ(everything.frames[1].frame.time.ns, 7'500'000'000);
  EXPECT_EQ(everything.frames[2].frame.time.ns, 4'294'967'295'000);
}

TEST(PcapFile, TheChecksumOfTheLinkLayerIsStrippedFromWholeFrames) {
  const Octets frame = captures::frame_octets(7, 64);
  const struct {
    std::uint32_t link_field;
    std::uint32_t original_length;
    std::size_t size;
  } cases[] = {
      {0x24000001, 64, 60},  // four octets
      {0x14000001, 64, 62},  // two octets
      {0x24000001, 65, 64},  // cut: the checksum is gone already
      {0x20000001, 64, 64},  // a length without the bit that makes it valid
      {0x00000001, 64, 64},
  };
  for (const auto& one : cases) {
    const Form form{.link_field = one.link_field};
    const Octets octets =
        captures::joined({captures::file_header(form), captures::record(form, 1, 1, frame, one.original_length)});
    const Everything everything = captures::read_all(File(octets));
    ASSERT_EQ(everything.frames.size(), 1u);
    EXPECT_EQ(everything.frames[0].octets.size(), one.size) << std::hex << one.link_field;
    EXPECT_EQ(everything.frames[0].frame.original_length, one.original_length == 64 ? one.size : one.original_length);
    EXPECT_EQ(everything.frames[0].frame.link, LinkType::Ethernet);
  }
}

TEST(PcapFile, CutAnywhereGivesTheFramesBeforeTheCutAndSaysWhere) {
  const Octets octets = three_records();
  const std::size_t starts[] = {24, 24 + 76, 24 + 76 + 16, octets.size()};
  for (std::size_t size = 24; size <= octets.size(); ++size) {
    const File file(captures::part(octets, 0, size));
    const Everything everything = captures::read_all(file);
    const auto whole = static_cast<std::size_t>(std::ranges::upper_bound(starts, size) - starts) - 1;
    EXPECT_EQ(everything.frames.size(), whole) << size;
    const std::size_t left = size - starts[whole];
    const std::size_t wanted[] = {76, 16, 116};
    const std::string expected = left == 0 ? ""
                                           : file.path() + ": cut at offset " + std::to_string(starts[whole]) +
                                                 ": the record there wants " +
                                                 (left < 16 ? "at least 16" : std::to_string(wanted[whole])) +
                                                 " octets, " + std::to_string(left) + " are left";
    EXPECT_EQ(everything.error, expected);
  }
}

TEST(PcapFile, CutInsideItsHeaderCannotBeOpened) {
  const Octets octets = captures::file_header();
  for (std::size_t size = 4; size < octets.size(); ++size) {
    const File file(captures::part(octets, 0, size));
    EXPECT_EQ(captures::read_all(file).error, file.path() + ": cut at offset 0: the file header wants 24 octets, " +
                                                  std::to_string(size) + " are left");
  }
  EXPECT_TRUE(captures::contains(captures::read_all(File({})).error,
                                 "is empty; a capture file begins with a header of 24 octets"));
}

TEST(PcapFile, ADamagedRecordEndsTheFileBehindTheFramesBeforeIt) {
  Octets octets = three_records();
  octets[24 + 76 + 8 + 2] = 0x80;  // 8 MiB captured
  const File file(octets);
  const Everything everything = captures::read_all(file);
  EXPECT_EQ(everything.frames.size(), 1u);
  EXPECT_EQ(everything.error, file.path() +
                                  ": damaged at offset 100: the record there says that it has 8388608 octets, "
                                  "more than 262144 is never written");
}

TEST(PcapFile, TheLargestRecordIsRead) {
  const Octets large = captures::frame_octets(1, 256 * 1024);
  Octets octets = captures::file_header();
  for (int i = 0; i < 7; ++i) octets = captures::joined({octets, captures::record(plain, 1, 1, large)});
  const Everything everything = captures::read_all(File(octets));
  ASSERT_EQ(everything.frames.size(), 7u) << everything.error;
  for (const auto& kept : everything.frames) EXPECT_EQ(kept.octets, large);
}

TEST(PcapFile, FramesOfAllSizesComeWholeOverManyBatches) {
  std::mt19937 random(3);
  Octets octets = captures::file_header();
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 20'000; ++i) {
    sizes.push_back(i % 1000 == 0 ? random() % 200'000 : random() % 300);
    const Octets record =
        captures::record(plain, static_cast<std::uint32_t>(i), 0, captures::frame_octets(i, sizes[i]));
    octets.insert(octets.end(), record.begin(), record.end());
  }
  for (const bool compressed : {false, true}) {
    const Everything everything = captures::read_all(File(compressed ? captures::gzip(octets) : octets));
    EXPECT_EQ(everything.error, "");
    ASSERT_EQ(everything.frames.size(), sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      ASSERT_EQ(everything.frames[i].octets, captures::frame_octets(i, sizes[i])) << i;
      ASSERT_EQ(everything.frames[i].frame.ordinal, i);
    }
  }
}

TEST(PcapFile, AGzipFileMayHaveManyMembersAndSomethingBehindThem) {
  const Octets octets = three_records();
  for (const std::size_t cut : {1u, 24u, 50u, 101u}) {
    const Octets members = captures::joined({captures::gzip(captures::part(octets, 0, cut)), captures::gzip({}),
                                             captures::gzip(captures::part(octets, cut, octets.size()))});
    expect_three(captures::read_all(File(members)), "members");
    expect_three(captures::read_all(File(captures::joined({members, Octets(512)}))), "padded with zeros");
    const Everything more = captures::read_all(File(captures::joined({members, Octets{0, 'x'}})));
    expect_three(more, "one octet more");
    EXPECT_TRUE(captures::contains(more.error, "behind the gzip stream, at offset " +
                                                   std::to_string(members.size() + 1) +
                                                   " of the compressed file, lies \"78\", which is neither"));
  }
}

TEST(PcapFile, AGzipFileThatIsCutGivesWhatItHoldsAndSaysSo) {
  const Octets packed = captures::gzip(three_records());
  const Everything everything = captures::read_all(File(captures::part(packed, 0, packed.size() - 4)));
  expect_three(everything, "only the check at the end is missing");
  EXPECT_TRUE(captures::contains(everything.error, "the gzip stream is cut, at offset 232 of the uncompressed stream"));
  const Octets cut = captures::gzip(captures::part(three_records(), 0, 150));
  EXPECT_TRUE(captures::contains(
      captures::read_all(File(cut)).error,
      "cut at offset 116 of the uncompressed stream: the record there wants 116 octets, 34 are left"));
}

TEST(PcapFile, AGzipFileThatIsDamagedSaysSo) {
  Octets packed = captures::gzip(three_records());
  packed[packed.size() - 6] ^= 0xff;  // in the check sum
  const Everything everything = captures::read_all(File(packed));
  EXPECT_EQ(everything.frames.size(), 3u);
  EXPECT_TRUE(captures::contains(everything.error, "the gzip stream is damaged"));
}

TEST(PcapFile, OtherFormatsAreNamedWithTheirFirstOctets) {
  const std::string accepted =
      "(accepted: pcap and pcapng of either byte order and dnstap, plain or compressed with gzip, xz, zstd, lz4 or "
      "bzip2)";
  const struct {
    Octets octets;
    std::string says;
  } cases[] = {
      {{0x02, 0x21, 0x4c, 0x18, 0, 0, 0, 0}, "is compressed with lz4 in its legacy format; \"lz4 -dc FILE | ...\""},
      {{0x1f, 0x9d, 0x90, 0, 0, 0, 0}, "is compressed with compress"},
      {{'P', 'K', 3, 4, 0, 0, 0}, "is a ZIP archive: it starts with \"50 4b 03 04 00 00 00\" at offset 0"},
      {{'s', 'n', 'o', 'o', 'p', 0, 0, 0}, "is a snoop capture; \"editcap -F pcap IN OUT\""},
      {{'{', '"', 'a'}, "is no capture file that can be read: it starts with \"7b 22 61\" at offset 0"},
      {Octets(100, 'x'), "it starts with \"78 78 78 78 78 78 78 78\" at offset 0"},
  };
  for (const auto& one : cases) {
    const File file(one.octets);
    EXPECT_TRUE(captures::contains(captures::read_all(file).error, file.path() + ": is "));
    EXPECT_TRUE(captures::contains(captures::read_all(file).error, one.says));
    EXPECT_TRUE(captures::contains(captures::read_all(file).error, accepted));
    EXPECT_TRUE(captures::contains(captures::read_all(File(captures::gzip(one.octets))).error, one.says))
        << "inside gzip";
  }
}

TEST(PcapFile, TwoCompressionsAroundEachOtherAreNamed) {
  const File file(captures::gzip(captures::gzip(three_records())));
  EXPECT_TRUE(
      captures::contains(captures::read_all(file).error, file.path() + ": is compressed twice: inside is gzip again"));
}

/// A header with another magic number or version.
Octets header_with(std::size_t at, std::initializer_list<std::uint8_t> octets, bool big_endian = false) {
  Octets header = captures::file_header({.big_endian = big_endian});
  std::ranges::copy(octets, header.begin() + static_cast<std::ptrdiff_t>(at));
  return header;
}

TEST(PcapFile, OfThePatchedLibpcapHasLongerRecordHeaders) {
  for (const bool big_endian : {false, true}) {
    const Form form{.big_endian = big_endian};
    Octets octets =
        big_endian ? header_with(0, {0xa1, 0xb2, 0xcd, 0x34}, true) : header_with(0, {0x34, 0xcd, 0xb2, 0xa1});
    for (std::size_t i = 0; i < 3; ++i) {
      const Octets frame = captures::frame_octets(i, i == 0 ? 60 : i == 1 ? 0 : 100);
      Octets record = captures::record(form, static_cast<std::uint32_t>(10 + i), static_cast<std::uint32_t>(1 + i),
                                       frame, i == 2 ? 1500 : 0);
      record.insert(record.begin() + 16, {2, 0, 0, 0, 8, 0, 4, 0});  // interface, protocol, direction
      octets.insert(octets.end(), record.begin(), record.end());
    }
    const Everything everything = captures::read_all(File(octets));
    expect_three(everything, "patched");
    EXPECT_EQ(everything.error, "");
    EXPECT_TRUE(captures::contains(captures::read_all(File(captures::part(octets, 0, 24 + 20))).error,
                                   "wants at least 24 octets, 20 are left"));
    EXPECT_TRUE(captures::contains(captures::read_all(File(captures::part(octets, 0, 24 + 30))).error,
                                   "wants 84 octets, 30 are left"));
  }
}

TEST(PcapFile, OlderVersionsHaveTheTwoLengthsInAnotherOrder) {
  const Octets frame = captures::frame_octets(0, 60);
  Octets usual = captures::record(plain, 1, 1, frame, 1500), turned = usual;
  std::swap_ranges(turned.begin() + 8, turned.begin() + 12, turned.begin() + 12);
  const struct {
    std::initializer_list<std::uint8_t> version;
    const Octets& record;
  } cases[] = {
      {{2, 0, 4, 0}, usual},  {{2, 0, 3, 0}, usual},        {{2, 0, 3, 0}, turned},
      {{2, 0, 2, 0}, turned}, {{0x1f, 0x02, 0, 0}, turned},  // 543.0
  };
  for (const auto& one : cases) {
    const Everything everything =
        captures::read_all(File(captures::joined({header_with(4, one.version), one.record, one.record})));
    EXPECT_EQ(everything.error, "");
    ASSERT_EQ(everything.frames.size(), 2u);
    EXPECT_EQ(everything.frames[1].octets, frame);
    EXPECT_EQ(everything.frames[1].frame.original_length, 1500u);
  }
}

TEST(PcapFile, StopEndsItWithoutAnError) {
  const File file(three_records());
  auto source = *open_source(file.path());
  source->stop();
  const Everything everything = captures::read_all(*source);
  EXPECT_TRUE(everything.frames.empty());
  EXPECT_EQ(everything.error, "");
}

TEST(PcapFile, EveryChangedOctetIsReadOrNamesAnError) {
  const Octets octets = three_records();
  for (std::size_t at = 0; at < octets.size(); ++at) {
    Octets changed = octets;
    changed[at] ^= 0xff;
    const Everything everything = captures::read_all(File(changed));
    EXPECT_TRUE(everything.frames.size() == 3 || !everything.error.empty()) << at;
  }
}

}  // namespace
}  // namespace rata::capture
