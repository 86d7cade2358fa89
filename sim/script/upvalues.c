/* sim/script/upvalues.c — does a Lua function assign a local outside itself? Read from its bytecode.
 *
 * A closure and the closures made inside it write an outer local with OP_SETUPVAL only. lua_dump gives the bytecode of
 * the function and, nested, of the functions inside; each upvalue is described as "local of the enclosing function" or
 * "upvalue number i of the enclosing function", so that following the second kind up to the outermost function tells
 * whose local is written. The layout is that of ldump.c of Lua 5.4; a unit test holds it against the library in use. */
#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#include "script/host.h"

_Static_assert(LUA_VERSION_NUM == 504, "the layout below is that of Lua 5.4");

#define OP_SETUPVAL 10
#define UPVALUES_MAX_N 255
/* signature, version, format, check bytes, sizes of instruction, integer and number, one of each of the last two, and
 * the number of upvalues */
#define HEADER_BYTES (4 + 1 + 1 + 6 + 3 + sizeof(lua_Integer) + sizeof(lua_Number) + 1)

enum constant {
  CONSTANT_NIL = 0,
  CONSTANT_FALSE = 1,
  CONSTANT_TRUE = 17,
  CONSTANT_INTEGER = 3,
  CONSTANT_FLOAT = 19,
  CONSTANT_SHORT = 4,
  CONSTANT_LONG = 20
};

struct reader {
  const unsigned char *at, *end;
  bool bad;
};

static const unsigned char *take(struct reader *r, size_t n) {
  if (r->bad || n > (size_t)(r->end - r->at)) {
    r->bad = true;
    return NULL;
  }
  const unsigned char *bytes = r->at;
  r->at += n;
  return bytes;
}

/* Seven bits a byte, most significant first; the last byte has the top bit. */
static size_t take_number(struct reader *r) {
  size_t value = 0;
  for (;;) {
    const unsigned char *byte = take(r, 1);
    if (byte == NULL) return 0;
    value = value << 7 | (*byte & 0x7fu);
    if (*byte & 0x80u) return value;
  }
}

static void skip_string(struct reader *r) {
  size_t size = take_number(r); /* length + 1; 0: none */
  if (size > 1) take(r, size - 1);
}

static void skip_constants(struct reader *r) {
  for (size_t n = take_number(r); n > 0 && !r->bad; n--) {
    const unsigned char *kind = take(r, 1);
    switch (kind == NULL ? CONSTANT_NIL : *kind) {
      case CONSTANT_NIL:
      case CONSTANT_FALSE:
      case CONSTANT_TRUE: break;
      case CONSTANT_INTEGER: take(r, sizeof(lua_Integer)); break;
      case CONSTANT_FLOAT: take(r, sizeof(lua_Number)); break;
      case CONSTANT_SHORT:
      case CONSTANT_LONG: skip_string(r); break;
      default: r->bad = true;
    }
  }
}

static void skip_debug(struct reader *r) {
  take(r, take_number(r)); /* line differences */
  for (size_t n = take_number(r); n > 0 && !r->bad; n--) {
    take_number(r);
    take_number(r);
  }
  for (size_t n = take_number(r); n > 0 && !r->bad; n--) {
    skip_string(r);
    take_number(r);
    take_number(r);
  }
  for (size_t n = take_number(r); n > 0 && !r->bad; n--) skip_string(r);
}

/* Reads one function. `outer` tells for each upvalue of the enclosing function which upvalue of the outermost one it is
 * (from 1; 0: a local in between); NULL for the outermost. @return an assigned upvalue of the outermost function, or 0.
 */
static int scan_function(struct reader *r, const int *outer) {
  int own[UPVALUES_MAX_N + 1] = {0}, found = 0;
  skip_string(r); /* source */
  take_number(r); /* first and last line */
  take_number(r);
  take(r, 3); /* parameters, variadic, stack size */
  size_t code_n = take_number(r);
  const unsigned char *code = take(r, code_n > SIZE_MAX / 4 ? SIZE_MAX : code_n * 4);
  skip_constants(r);
  size_t upvalues_n = take_number(r);
  for (size_t i = 0; i < upvalues_n && i < UPVALUES_MAX_N; i++) {
    const unsigned char *description = take(r, 3); /* in the enclosing function's stack?, number, kind */
    if (description == NULL) return 0;
    if (outer == NULL)
      own[i] = (int)i + 1;
    else if (description[0] == 0)
      own[i] = outer[description[1]];
  }
  for (size_t i = 0; i < code_n && !r->bad; i++) {
    uint32_t instruction;
    memcpy(&instruction, code + 4 * i, 4);
    uint32_t upvalue = instruction >> 16 & 0xffu;
    if ((instruction & 0x7fu) == OP_SETUPVAL && own[upvalue] > 0) found = own[upvalue];
  }
  for (size_t n = take_number(r); n > 0 && !r->bad; n--) {
    int inner = scan_function(r, own);
    if (inner > 0) found = inner;
  }
  skip_debug(r);
  return found;
}

static int count_bytes(lua_State *L, const void *bytes, size_t n, void *total) {
  (void)L;
  (void)bytes;
  *(size_t *)total += n;
  return 0;
}

static int copy_bytes(lua_State *L, const void *bytes, size_t n, void *to) {
  (void)L;
  unsigned char **at = to;
  if (n > 0) memcpy(*at, bytes, n);
  *at += n;
  return 0;
}

int dp__lua_assigned_upvalue(lua_State *L, int index) {
  size_t size = 0;
  lua_pushvalue(L, index);
  lua_dump(L, count_bytes, &size, 1);
  unsigned char *dump = lua_newuserdatauv(L, size, 0), *end = dump;
  lua_pushvalue(L, -2);
  lua_dump(L, copy_bytes, &end, 1);
  struct reader r = {.at = dump, .end = end};
  take(&r, HEADER_BYTES);
  int found = scan_function(&r, NULL);
  if (r.bad || r.at != r.end) luaL_error(L, "the bytecode of this version of Lua cannot be checked");
  lua_pop(L, 3);
  return found;
}
