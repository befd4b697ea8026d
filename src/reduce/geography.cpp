#include "reduce/geography.h"

#include <fmt/format.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "util/hash.h"

namespace rata::reduce {
namespace {

/// Where the value may lie in a record, first choice first.
using Path = const char* const*;
const char* const country_path[] = {"country", "iso_code", nullptr};
const char* const flat_country_path[] = {"country_code", nullptr};
const char* const network_path[] = {"autonomous_system_number", nullptr};
const Path country_paths[] = {country_path, flat_country_path};
const Path network_paths[] = {network_path};

std::span<const Path> paths_of(Geography::What what) {
  return what == Geography::What::country ? std::span<const Path>(country_paths) : std::span<const Path>(network_paths);
}

std::uint32_t country_code(const MMDB_entry_data_s& value) {
  if (value.type != MMDB_DATA_TYPE_UTF8_STRING || value.data_size != 2) return Geography::unknown;
  const auto letter = [&](std::size_t i) { return static_cast<std::uint32_t>(value.utf8_string[i]); };
  for (const std::size_t i : {0u, 1u})
    if (letter(i) < 'A' || letter(i) > 'Z') return Geography::unknown;
  return letter(0) << 8 | letter(1);
}

std::uint32_t network_code(const MMDB_entry_data_s& value) {
  if (value.type == MMDB_DATA_TYPE_UINT32) return value.uint32;
  return value.type == MMDB_DATA_TYPE_UINT16 ? value.uint16 : Geography::unknown;
}

/// Errors: the library's number of what is wrong with the record.
std::uint32_t value_in(MMDB_entry_s entry, Geography::What what, int& fault) {
  MMDB_entry_data_s value;
  for (const Path path : paths_of(what)) {
    fault = MMDB_aget_value(&entry, &value, path);
    if (fault != MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) break;
  }
  if (fault != MMDB_SUCCESS || !value.has_data) return Geography::unknown;
  return what == Geography::What::country ? country_code(value) : network_code(value);
}

/// The last addresses that a thread has looked up, in whichever files.
struct Remembered {
  util::Address address;
  std::uint32_t file = 0, code = 0;
};
constexpr std::size_t remembered = 4096;  // 128 KiB a thread

}  // namespace

struct Geography::File {
  MMDB_s database{};
  bool open = false;

  ~File() {
    if (open) MMDB_close(&database);
  }
};

Geography::Geography(std::unique_ptr<File> file, What what) : file_(std::move(file)), what_(what) {
  static std::atomic<std::uint32_t> last = 0;
  number_ = ++last;
}
Geography::~Geography() = default;

util::Result<std::shared_ptr<const Geography>> Geography::open(const std::string& path, What what) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return util::Error{fmt::format("{}: is a folder; a MaxMind DB file is wanted", path)};
  auto file = std::make_unique<File>();
  errno = 0;
  const int fault = MMDB_open(path.c_str(), MMDB_MODE_MMAP, &file->database);
  if (fault != MMDB_SUCCESS) {
    const bool of_system = (fault == MMDB_FILE_OPEN_ERROR || fault == MMDB_IO_ERROR) && errno != 0;
    return util::Error{fmt::format("{}: cannot be opened as a MaxMind DB file: {}", path,
                                   of_system ? std::strerror(errno) : MMDB_strerror(fault))};
  }
  file->open = true;
  std::shared_ptr<const Geography> made(new Geography(std::move(file), what));
  if (const auto good = made->check(); !good) return util::Error{fmt::format("{}: {}", path, good.error().message)};
  return made;
}

/// Every record of the tree leads somewhere, and one of the first that hold something holds what is wanted.
util::Result<void> Geography::check() const {
  constexpr std::size_t most_values = 1000;
  const MMDB_s& database = file_->database;
  std::size_t values = 0, fitting = 0;
  for (std::uint32_t number = 0; number < database.metadata.node_count; ++number) {
    MMDB_search_node_s node;
    int fault = MMDB_read_node(&database, number, &node);
    for (const auto& [type, entry] : {std::pair{node.left_record_type, node.left_record_entry},
                                      std::pair{node.right_record_type, node.right_record_entry}}) {
      if (fault == MMDB_SUCCESS && type == MMDB_RECORD_TYPE_INVALID) fault = MMDB_CORRUPT_SEARCH_TREE_ERROR;
      if (fault == MMDB_SUCCESS && type == MMDB_RECORD_TYPE_DATA && fitting == 0 && values < most_values) {
        ++values;
        fitting += value_in(entry, what_, fault) != unknown;
        if (fault == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) fault = MMDB_SUCCESS;
      }
      if (fault != MMDB_SUCCESS) return util::Error{fmt::format("is damaged: {}", MMDB_strerror(fault))};
    }
  }
  if (fitting == 0)
    return util::Error{
        fmt::format("is a database of the type \"{}\", whose records have no {}", database.metadata.database_type,
                    what_ == What::country ? "country.iso_code or country_code" : "autonomous_system_number")};
  return {};
}

std::uint32_t Geography::code(const util::Address& address) const noexcept {
  static thread_local std::vector<Remembered> last(remembered);
  Remembered& slot = last[util::table_hash(address.bytes()) % remembered];
  if (slot.file != number_ || slot.address != address) slot = {address, number_, look_up(address)};
  return slot.code;
}

std::uint32_t Geography::look_up(const util::Address& address) const noexcept {
  sockaddr_storage storage{};
  if (address.v6) {
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    v6->sin6_family = AF_INET6;
    std::memcpy(&v6->sin6_addr, address.octets.data(), sizeof v6->sin6_addr);
  } else {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
    v4->sin_family = AF_INET;
    std::memcpy(&v4->sin_addr, address.octets.data(), sizeof v4->sin_addr);
  }
  int fault = MMDB_SUCCESS;
  const auto* const any = reinterpret_cast<const sockaddr*>(&storage);
  const MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&file_->database, any, &fault);
  if (fault != MMDB_SUCCESS || !found.found_entry) return unknown;
  return value_in(found.entry, what_, fault);
}

std::string country_text(std::uint32_t code) {
  if (code == Geography::unknown) return "unknown";
  return {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
}

std::string network_text(std::uint32_t code) {
  return code == Geography::unknown ? "unknown" : fmt::format("AS{}", code);
}

}  // namespace rata::reduce
