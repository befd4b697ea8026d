#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/rdata_layout.h"
#include "util/cursor.h"

namespace rata::dns {

/// Reads rdata field by field and appends each in presentation form, with blanks between. Like a cursor it remembers
/// its first failure: read straight through and ask `complete()` once.
class RdataReader {
 public:
  RdataReader(const Rdata& rdata, std::string& out)
      : rdata_(rdata), octets_(rdata.octets()), cursor_(octets_), out_(out), begin_(out.size()) {}

  void read(Field field);

  /// All was readable, and nothing is left.
  bool complete() const { return cursor_.ok() && cursor_.remaining() == 0; }

 private:
  void blank();
  void number(std::uint64_t value);
  void name(Compression compression);
  void address(std::size_t octets);
  void string();
  void strings();
  void text();
  void tag();
  void hex(std::size_t octets);
  void base64(std::size_t octets);
  void address_hex();
  void counted_hex();
  void counted_base32();
  void counted_base64();
  void type_bitmap();
  void date();
  void key_rcode();
  void eui(std::size_t octets);
  void locator64();
  void location();
  void distance();
  void degrees(std::uint32_t limit, char positive, char negative);
  void address_prefixes();
  void ports();
  void relay_type();
  void gateway(unsigned kind);
  void host_identity();
  void service_params();
  std::span<const std::uint8_t> take_some(std::size_t octets);

  const Rdata& rdata_;
  std::span<const std::uint8_t> octets_;
  util::Cursor cursor_;
  std::string& out_;
  std::size_t begin_;
};

}  // namespace rata::dns
