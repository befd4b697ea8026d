#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rata::summary {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;

/// Why a record is refused. Thrown between the files that read one, and caught in reading.cpp.
struct Misfit {
  std::string what;
};

/// Where in a record the reading is, so that what is refused can be named, and how much memory it may still take.
class Path {
 public:
  /// Leaves the member again when its life ends.
  class Step {
   public:
    Step(Path& path, std::string_view member) : path_(path) { path_.members_.push_back(member); }
    ~Step() { path_.members_.pop_back(); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Path& path_;
  };

  /// `wanted`: what would be accepted here.
  [[noreturn]] void refuse(std::string_view wanted) const;
  [[noreturn]] void refuse(std::string_view member, std::string_view wanted);
  /// What a few octets of a record may blow up: keys, of which each row has all.
  void take_room(std::size_t octets);
  /// `into` grows by what may not end in a number that has run over.
  void add(std::uint64_t& into, std::uint64_t count) const;

 private:
  std::string text() const;

  std::vector<std::string_view> members_;
  std::size_t room_octets_ = std::size_t{256} << 20;
};

// What stands at `member` of where `path` is; refused when it is something else.

std::uint64_t count_of(Element element, Path& path, std::string_view member);
/// Finite, and not below 0.
double number_of(Element element, Path& path, std::string_view member);
std::string_view text_of(Element element, Path& path, std::string_view member);
Object object_of(Element element, Path& path, std::string_view member);
Array array_of(Element element, Path& path, std::string_view member);
/// How many members or entries there are: more than these are refused, since simdjson does not count them.
std::size_t size_of(const Object& object, Path& path);
std::size_t size_of(const Array& array, Path& path);

/// Nothing: it is not there. Looks from the first member on: for objects with few.
std::optional<Element> find(const Object& object, std::string_view member);
/// 0 when it is not there.
std::uint64_t count_in(const Object& object, Path& path, std::string_view member);
std::string_view text_in(const Object& object, Path& path, std::string_view member);
std::vector<std::string> texts_in(const Object& object, Path& path, std::string_view member);
/// Empty when it is not there.
std::vector<std::uint64_t> counts_in(const Object& object, Path& path, std::string_view member);

}  // namespace rata::summary
