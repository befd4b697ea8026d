#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "traffic/alias_table.h"
#include "traffic/load_plan.h"
#include "traffic/names.h"
#include "traffic/options.h"
#include "traffic/query.h"
#include "traffic/random.h"
#include "traffic/truth.h"

namespace rata::traffic {

/// Makes queries, and tells the truth about them.
class QueryMaker {
 public:
  QueryMaker(const Options& options, const Names& names, Random& random, Truth& truth);

  /// What the response should be like.
  enum class Size { ordinary, oversized };

  /// Overwrites `query` with a new one.
  void make(Query& query, const Moment& moment, Size size);

 private:
  void draw_fields(Query& query, Size size);
  void put_header(Query& query);
  void put_qname(Query& query, const Moment& moment);
  void put_rare(Query& query, double which);
  void put_weird(Query& query);
  void put_reverse(Query& query);
  void put_stray_host(Query& query);
  void put_junk(Query& query, bool attack);
  void put_usual(Query& query);
  void put_underscore(Query& query);
  void put_host(Query& query);
  void put_apex(Query& query);
  void put_registered(Query& query);
  void put_tld(Query& query);
  void mix_case(std::span<std::uint8_t> name);
  void put_edns(Query& query);
  bool asks_for_apex(std::uint16_t qtype);
  std::string random_label(std::uint32_t least, std::uint32_t most);

  const Options& options_;
  const Names& names_;
  Random& random_;
  Truth& truth_;
  const AliasTable qtypes_;
  const AliasTable hosts_;
};

}  // namespace rata::traffic
