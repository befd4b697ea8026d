#include <gtest/gtest.h>

#include <algorithm>

#include "pcapng.h"

namespace rata::capture {
namespace {

using captures::Everything;
using captures::File;
using captures::frame_octets;
using captures::Octets;
using captures::Pcapng;

constexpr std::uint16_t if_tsresol = 9, if_fcslen = 13, if_tsoffset = 14;

Everything read(const Pcapng& file) { return captures::read_all(File(file.octets())); }

TEST(Pcapng, EveryKindOfPacketIsReadInEitherByteOrder) {
  for (const bool big_endian : {false, true}) {
    Pcapng file(big_endian);
    file.section().interface(1).enhanced(0, 1'500'000, frame_octets(0, 61), 1500);
    file.obsolete(0, 2'000'001, frame_octets(1, 62)).simple(frame_octets(2, 63));
    const Everything everything = read(file);
    EXPECT_EQ(everything.error, "");
    ASSERT_EQ(everything.frames.size(), 3u);
    const std::int64_t times[] = {1'500'000'000, 2'000'001'000, 2'000'001'000};
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(everything.frames[i].octets, frame_octets(i, 61 + i));
      EXPECT_EQ(everything.frames[i].frame.original_length, i == 0 ? 1500 : 61 + i);
      EXPECT_EQ(everything.frames[i].frame.time.ns, times[i]);
      EXPECT_EQ(everything.frames[i].frame.ordinal, i);
      EXPECT_EQ(everything.frames[i].frame.link, LinkType::Ethernet);
    }
  }
}

TEST(Pcapng, TellsWhatItHasRead) {
  Pcapng file;
  file.section().interface(1, {{if_fcslen, {4}}}).interface(101).enhanced(0, 1, frame_octets(0, 64));
  const File on_disk(file.octets());
  auto source = *open_source(on_disk.path());
  captures::read_all(*source);
  EXPECT_EQ(source->stats().frames, 1u);
  EXPECT_EQ(source->stats().octets, 64u);
  EXPECT_EQ(source->link_types(), (std::set<LinkType>{LinkType::Ethernet, LinkType::Raw}));
}

TEST(Pcapng, CountsWhatItLeavesOut) {
  Pcapng file;
  file.section().interface(1).enhanced(1, 1, frame_octets(0, 8)).enhanced(0, 1, frame_octets(0, 8));
  file.enhanced(2, 1, frame_octets(0, 8));
  const File on_disk(file.octets());
  auto source = *open_source(on_disk.path());
  captures::read_all(*source);
  EXPECT_EQ(source->stats().frames, 1u);
  EXPECT_EQ(source->stats().left_out, 2u);
}

TEST(Pcapng, SectionsHaveTheirOwnByteOrderAndInterfaces) {
  Pcapng file;
  file.section(false).interface(1).interface(113).enhanced(1, 1, frame_octets(0, 8));
  file.section(true).interface(101).enhanced(0, 2, frame_octets(1, 8)).enhanced(1, 3, frame_octets(2, 8));
  const Everything everything = read(file);
  ASSERT_EQ(everything.frames.size(), 2u);
  EXPECT_EQ(everything.frames[0].frame.link, LinkType::LinuxSll);
  EXPECT_EQ(everything.frames[1].frame.link, LinkType::Raw);
  EXPECT_TRUE(captures::contains(everything.error,
                                 ": 1 packets are left out, since no block describes their interface; the first at "
                                 "offset " +
                                     std::to_string(file.places()[7]) + ", of interface 1"));
}

TEST(Pcapng, EveryInterfaceHasItsOwnClock) {
  const struct {
    std::vector<Pcapng::Option> options;
    std::uint64_t ticks;
    std::int64_t ns;
  } cases[] = {
      {{}, 1'000'001, 1'000'001'000},
      {{{if_tsresol, {9}}}, 1'000'001, 1'000'001},
      {{{if_tsresol, {0}}}, 1'700'000'000, 1'700'000'000'000'000'000},
      {{{if_tsresol, {3}}}, 1'500, 1'500'000'000},
      {{{if_tsresol, {12}}}, 1'500'000'000'999, 1'500'000'000},
      {{{if_tsresol, {19}}}, 9'999'999'999'999'999'999u, 999'999'999},
      {{{if_tsresol, {28}}}, UINT64_MAX, 1},
      {{{if_tsresol, {40}}}, UINT64_MAX, 0},
      {{{if_tsresol, {127}}}, UINT64_MAX, 0},
      {{{if_tsresol, {0x80}}}, 7, 7'000'000'000},
      {{{if_tsresol, {0x80 | 10}}}, 1536, 1'500'000'000},
      {{{if_tsresol, {0x80 | 32}}}, (std::uint64_t{5} << 32) + (std::uint64_t{1} << 31), 5'500'000'000},
      {{{if_tsresol, {0xff}}}, UINT64_MAX, 0},
      {{{if_tsoffset, {100, 0, 0, 0, 0, 0, 0, 0}}}, 1, 100'000'001'000},
      {{{if_tsresol, {0}}, {if_tsoffset, Octets(8, 0xff)}}, 11, 10'000'000'000},
      {{{2, {'l', 'o', 0}}, {if_tsresol, {9}}}, 5, 5},
  };
  Pcapng file;
  file.section();
  for (const auto& one : cases) file.interface(1, one.options);
  for (std::size_t i = 0; i < std::size(cases); ++i)
    file.enhanced(static_cast<std::uint32_t>(i), cases[i].ticks, frame_octets(i, 4));
  const Everything everything = read(file);
  EXPECT_EQ(everything.error, "");
  ASSERT_EQ(everything.frames.size(), std::size(cases));
  for (std::size_t i = 0; i < std::size(cases); ++i) EXPECT_EQ(everything.frames[i].frame.time.ns, cases[i].ns) << i;
}

TEST(Pcapng, StampsOutsideWhatIsKeptAreSetToTheNearestAndTold) {
  const struct {
    std::vector<Pcapng::Option> options;
    std::uint64_t ticks;
    std::int64_t ns;
  } cases[] = {
      {{}, UINT64_MAX, 9'214'646'400'000'000'000},
      {{{if_tsresol, {0}}}, UINT64_MAX, 9'214'646'400'000'000'000},
      {{{if_tsoffset, {0, 0, 0, 0, 0, 0, 0, 0x80}}}, 1, 0},
      {{{if_tsoffset, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}}}, 1, 9'214'646'400'000'000'000},
      {{{if_tsoffset, Octets(8, 0xff)}}, 999'999, 0},
  };
  for (const auto& one : cases) {
    Pcapng file;
    file.section().interface(1, one.options).enhanced(0, one.ticks, frame_octets(1, 4));
    const Everything everything = read(file);
    ASSERT_EQ(everything.frames.size(), 1u);
    EXPECT_EQ(everything.frames[0].frame.time.ns, one.ns);
    EXPECT_TRUE(captures::contains(everything.error, "1 packets have stamps before 1970 or after 2261"));
    EXPECT_TRUE(captures::contains(everything.error, "the first at offset " + std::to_string(file.places()[2])));
  }
}

TEST(Pcapng, TheChecksumLengthOfAnInterfaceIsInBitsOrInOctets) {
  for (const auto& [value, size] :
       {std::pair<std::uint8_t, std::size_t>{4, 60}, {32, 60}, {16, 62}, {2, 62}, {0, 64}}) {
    Pcapng file;
    file.section().interface(1, {{if_fcslen, {value}}}).enhanced(0, 1, frame_octets(0, 64));
    file.enhanced(0, 1, frame_octets(0, 64), 65);
    const Everything everything = read(file);
    ASSERT_EQ(everything.frames.size(), 2u);
    EXPECT_EQ(everything.frames[0].octets.size(), size);
    EXPECT_EQ(everything.frames[1].octets.size(), 64u) << "cut: the checksum is gone already";
  }
}

TEST(Pcapng, ASimplePacketIsCutByItsInterfacesSnapshotLength) {
  Pcapng file;
  file.section().interface(1, {}, 10).simple(frame_octets(0, 10), 1500).simple(frame_octets(1, 7));
  const Everything everything = read(file);
  ASSERT_EQ(everything.frames.size(), 2u);
  EXPECT_EQ(everything.frames[0].octets, frame_octets(0, 10));
  EXPECT_EQ(everything.frames[0].frame.original_length, 1500u);
  EXPECT_EQ(everything.frames[0].frame.time.ns, 0) << "no packet before it has a stamp";
  EXPECT_EQ(everything.frames[1].octets, frame_octets(1, 7));
}

TEST(Pcapng, BlocksAndOptionsThatNobodyKnowsAreSkipped) {
  Pcapng file;
  const Octets comment = captures::joined({file.number(1, 2), file.number(3, 2), Octets{'a', 'b', 'c', 0}});
  file.section()
      .block(0x0bad, frame_octets(1, 40))
      .interface(1, {{0x8765, frame_octets(1, 5)}})
      .block(4, {})
      .block(5, frame_octets(2, 100));
  file.enhanced(0, 1, frame_octets(0, 5), 0, comment).block(0x80000001, Octets(3'000'000));
  file.enhanced(0, 2, frame_octets(1, 5), 0, Octets(900'000));
  const Everything everything = read(file);
  EXPECT_EQ(everything.error, "");
  ASSERT_EQ(everything.frames.size(), 2u);
  EXPECT_EQ(everything.frames[1].octets, frame_octets(1, 5));
}

TEST(Pcapng, ManyFramesComeWholeOverManyBatchesPlainAndCompressed) {
  Pcapng file;
  file.section().interface(1);
  for (std::size_t i = 0; i < 9'000; ++i) file.enhanced(0, i, frame_octets(i, i % 1000 == 0 ? 200'000 : i % 300));
  for (const bool compressed : {false, true}) {
    const Everything everything = captures::read_all(File(compressed ? captures::gzip(file.octets()) : file.octets()));
    EXPECT_EQ(everything.error, "");
    ASSERT_EQ(everything.frames.size(), 9'000u);
    for (std::size_t i = 0; i < everything.frames.size(); ++i) {
      ASSERT_EQ(everything.frames[i].octets, frame_octets(i, i % 1000 == 0 ? 200'000 : i % 300)) << i;
      ASSERT_EQ(everything.frames[i].frame.ordinal, i);
    }
  }
}

Pcapng small_file(bool big_endian) {
  Pcapng file(big_endian);
  file.section().interface(1, {{if_tsresol, {9}}}).enhanced(0, 1, frame_octets(0, 21)).simple(frame_octets(1, 9));
  file.obsolete(0, 3, frame_octets(2, 2));
  return file;
}

TEST(Pcapng, CutAnywhereGivesTheFramesBeforeTheCutAndSaysWhere) {
  for (const bool big_endian : {false, true}) {
    const Pcapng whole = small_file(big_endian);
    const auto& places = whole.places();
    for (std::size_t size = 1; size <= whole.octets().size(); ++size) {
      const File file(captures::part(whole.octets(), 0, size));
      const Everything everything = captures::read_all(file);
      const auto block = static_cast<std::size_t>(std::ranges::upper_bound(places, size) - places.begin()) - 1;
      EXPECT_EQ(everything.frames.size(), block < 2 ? 0 : block - 2) << size;
      const std::size_t left = size - places[block];
      std::string expected;
      if (size < 4)
        expected = ": is no capture file that can be read";
      else if (size < 28)
        expected = ": cut at offset 0: the section header wants at least 28 octets, " + std::to_string(size);
      else if (left != 0)
        expected = ": cut at offset " + std::to_string(places[block]) + ": the block there wants " +
                   (left < 12 ? "at least 12" : std::to_string(places[block + 1] - places[block])) + " octets, " +
                   std::to_string(left) + " are left";
      EXPECT_EQ(everything.error.empty(), expected.empty());
      EXPECT_TRUE(captures::contains(everything.error, expected.empty() ? "" : file.path() + expected));
    }
  }
}

TEST(Pcapng, EveryChangedOctetIsReadOrNamesAnError) {
  for (const bool big_endian : {false, true}) {
    const Pcapng whole = small_file(big_endian);
    for (std::size_t at = 0; at < whole.octets().size(); ++at) {
      for (const unsigned change : {0x01u, 0x80u, 0xffu}) {
        Octets changed = whole.octets();
        changed[at] ^= static_cast<std::uint8_t>(change);
        const Everything everything = captures::read_all(File(changed));
        // A packet or interface block whose type was changed is one that nobody knows.
        const bool type = std::ranges::any_of(whole.places(), [&](std::size_t place) { return at - place < 4; });
        EXPECT_TRUE(everything.frames.size() == 3 || !everything.error.empty() || type) << at;
        EXPECT_LE(everything.frames.size(), 3u);
      }
    }
  }
}

TEST(Pcapng, DamageIsNamedWithItsPlaceBehindTheFramesBeforeIt) {
  const auto begun = [] {
    Pcapng file;
    file.section().interface(1).enhanced(0, 1, frame_octets(0, 8));
    return file;
  };
  const Pcapng place = begun();
  const auto word = [&](std::uint64_t value) { return place.number(value, 4); };
  const auto raw = [&](std::initializer_list<std::span<const std::uint8_t>> parts) {
    return begun().raw(captures::joined(parts));
  };
  const struct {
    Pcapng file;
    const char* says;
  } cases[] = {
      {raw({word(9), word(13), Octets(20)}), "a block of type 9 cannot have 13 octets"},
      {raw({word(9), word(8), Octets(20)}), "a block of type 9 cannot have 8 octets"},
      {raw({word(9), word(0x7ffffffc), Octets(20)}), "says that it has 2147483644 octets, more than 16777216 is never"},
      {raw({word(9), word(16), word(0), word(20)}), "the block there has 16 octets by its beginning and 20 by its end"},
      {raw({word(6), word(28), Octets(16), word(28)}), "a block of type 6 cannot have 28 octets"},
      {raw({word(0x0a0d0d0a), word(28), word(0x1a2b3c00), Octets(12), word(28)}),
       "the section there is of no byte order"},
      {begun().section(false, 2), "the section there is of version 2.0; only 1.x is known"},
      {begun().block(1, captures::joined({word(1), word(0), place.number(if_tsresol, 2), place.number(9, 2), word(0)})),
       "option 9 of the interface described there wants 12 octets, 4 are left in its block"},
      {begun().interface(1, {{if_tsresol, {1, 2}}}), "option 9 of the interface described there cannot have 2 octets"},
      {begun().interface(1, {{if_tsoffset, {1}}}), "option 14 of the interface described there cannot have 1 octets"},
      {begun().block(6, captures::joined({word(0), word(0), word(0), word(9), word(9), Octets(8)})),
       "the packet there says that it has 9 octets, its block has room for 8"},
      {begun().block(6, captures::joined({word(0), word(0), word(0), word(300'000), word(9), Octets(300'000)})),
       "the packet there says that it has 300000 octets, more than 262144 is never written"},
      {begun().simple(frame_octets(0, 8), 13), "the packet there says that it has 13 octets, its block has room for 8"},
  };
  for (const auto& one : cases) {
    const Everything everything = read(one.file);
    EXPECT_EQ(everything.frames.size(), 1u) << one.says;
    EXPECT_TRUE(
        captures::contains(everything.error, ": damaged at offset " + std::to_string(place.octets().size()) + ": "));
    EXPECT_TRUE(captures::contains(everything.error, one.says));
  }
}

TEST(Pcapng, AFirstSectionOfNoByteOrderCannotBeOpened) {
  const Octets octets = captures::joined({Octets{0x0a, 0x0d, 0x0d, 0x0a}, Octets(60)});
  EXPECT_TRUE(captures::contains(captures::read_all(File(octets)).error,
                                 ": is a pcapng file of no byte order: \"00 00 00 00\" at offset 8"));
}

TEST(Pcapng, MoreInterfacesThanASectionMayHaveAreDamage) {
  Pcapng one;
  one.section();
  const std::size_t header = one.octets().size();
  one.interface(1);
  Octets octets = captures::part(one.octets(), 0, header);
  const Octets interface = captures::part(one.octets(), header, one.octets().size());
  for (int i = 0; i < 65'537; ++i) octets.insert(octets.end(), interface.begin(), interface.end());
  EXPECT_TRUE(captures::contains(captures::read_all(File(octets)).error, "is one more than 65536 in a section"));
}

}  // namespace
}  // namespace rata::capture
