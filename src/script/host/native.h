#pragma once

/* What lua/prelude/ sees of the program: read by the compiler here, and by LuaJIT as it stands. Nothing of it reaches
   a script. All pointers live as long as the process; what they point at changes with the messages at hand. */

/* The octets of one message's field; size is UINT32_MAX where the message has none. */
struct rata_octets {
  const char *octets;
  uint64_t size;
};

struct rata_native {
  /* Writes the text of a field of the message at `at` (of the code) to `room`, and returns its size. */
  uint32_t (*key_text)(uint32_t field, uint32_t at);
  uint32_t (*code_text)(uint32_t field, uint32_t code);
  const char *room;

  /* A value of a window; it lives until the window is over. Returns its number, from 1; 0: `room` says why not, and
     `room_size` how long that is. kind: 1 counter, 2 top_k, 3 distinct, 4 quantiles. */
  uint32_t (*make)(uint32_t kind, const uint8_t *fields, uint32_t field_count, const double *limits, double cells);
  uint32_t room_size;

  /* Each returns 0, or the number of what is wrong (value_errors of the prelude). */
  uint32_t (*add_message)(uint32_t value, uint32_t at, double times);
  uint32_t (*add_text)(uint32_t value, const char *text, size_t size, double times);
  uint32_t (*add_number)(uint32_t value, double number);
  uint32_t (*merge)(uint32_t value, uint32_t from);

  /* counter, top_k: the count of a key; its whole sum. distinct: the estimate. quantiles: how many; that quantile. */
  double (*count_of)(uint32_t value, const char *text, size_t size);
  double (*total)(uint32_t value);
  double (*quantile)(uint32_t value, double share);
  /* counter, top_k: ranks the keys, and returns how many there are, at most `most`; then the text of one to `room`. */
  uint32_t (*rank)(uint32_t value, double most);
  uint32_t (*ranked_text)(uint32_t place);
  double (*ranked_count)(uint32_t place);

  /* Functions of texts; those that return a size write to `room`. */
  uint32_t (*levels_start)(const char *name, size_t size, double levels);
  uint32_t (*prefix)(const char *address, size_t size, double ipv4_bits, double ipv6_bits);
  uint32_t (*country)(const char *address, size_t size);
  uint32_t (*asn)(const char *address, size_t size);
  double (*entropy)(const char *text, size_t size);

  void (*print)(const char *text, size_t size);

  /* There is machine code at that address now, made of that place in the script ("a.lua:7"). */
  void (*note_code)(double address, double octets, const char *place, size_t size);
};
