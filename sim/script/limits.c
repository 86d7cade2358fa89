/* sim/script/limits.c — the allocator, the count hook and the CPU timer of a Lua host. */
#include "script/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "script/host.h"

#ifndef sigev_notify_thread_id /* glibc before 2.38 lacks the name that timer_create(2) documents */
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define HOOK_STEP_N 1000 /* instructions between two looks at the budget */
#define TICKS_N 8        /* timer ticks in cpu_s; one more is waited for, so that no call ends early */
#define COLLECT_SLACK_BYTES ((size_t)1 << 20)

void dp__lua_limits_default(struct dp_lua_limits *limits) {
  if (limits->memory_bytes == 0) limits->memory_bytes = (size_t)256 << 20;
  if (limits->load_instructions_n <= 0) limits->load_instructions_n = INT64_C(1000000000);
  if (limits->call_instructions_n <= 0) limits->call_instructions_n = INT64_C(10000000);
  if (limits->pattern_steps_n <= 0) limits->pattern_steps_n = INT64_C(10000000);
  if (!(limits->cpu_s > 0.0)) limits->cpu_s = 5.0;
}

/* --- memory --- */

void *dp__lua_alloc(void *ud, void *block, size_t old_size, size_t new_size) {
  struct dp_lua *lua = ud;
  if (block == NULL) old_size = 0; /* Lua passes the kind of the object then */
  if (new_size == 0) {
    free(block);
    lua->used_bytes -= old_size;
    return NULL;
  }
  bool grows = new_size > old_size;
  bool over = grows && new_size - old_size > lua->limits.memory_bytes - lua->used_bytes;
  void *moved = over ? NULL : realloc(block, new_size);
  if (moved == NULL) {
    if (!grows) return block; /* Lua relies on shrinking never failing */
    if (lua->L != NULL && atomic_load(&lua->watch.depth) > 0 && lua->trip == DP_LUA_TRIP_NONE)
      dp__lua_place(lua->L, lua->place, sizeof lua->place);
    return NULL;
  }
  lua->used_bytes += new_size - old_size; /* modulo 2^64: shrinking subtracts */
  return moved;
}

/* --- instructions --- */

void dp__lua_place(lua_State *L, char *place, size_t size) {
  place[0] = '\0';
  lua_Debug ar;
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0) continue;
    const char *path = ar.source[0] == '@' ? ar.source + 1 : ar.short_src;
    snprintf(place, size, "%s:%d: ", path, ar.currentline);
    return;
  }
}

void dp__lua_limit_text(const struct dp_lua *lua, enum dp_lua_trip trip, char *text, size_t size) {
  switch (trip) {
    case DP_LUA_TRIP_INSTRUCTIONS:
      snprintf(text, size, "more than %" PRId64 " instructions in one call (an endless loop?)", lua->budget_n);
      return;
    case DP_LUA_TRIP_CPU: snprintf(text, size, "more than %g s of CPU time in one call", lua->limits.cpu_s); return;
    case DP_LUA_TRIP_NONE: break;
  }
  double mib = (double)lua->limits.memory_bytes / (double)(1 << 20);
  snprintf(text, size, "not enough memory: the script may use %g MiB", mib);
}

static void count_hook(lua_State *L, lua_Debug *ar) {
  (void)ar;
  struct dp_lua *lua = dp_lua_host(L);
  if (lua->trip != DP_LUA_TRIP_NONE) dp__lua_trip(L, lua->trip);
  dp_lua_charge(L, (uint64_t)lua->step_n);
}

/* The hook runs on every line and instruction from now on: whatever catches the error meets it again. */
void dp__lua_trip(lua_State *L, enum dp_lua_trip trip) {
  struct dp_lua *lua = dp_lua_host(L);
  if (lua->trip == DP_LUA_TRIP_NONE) {
    lua->trip = trip;
    dp__lua_place(L, lua->place, sizeof lua->place);
  }
  lua_sethook(L, count_hook, LUA_MASKLINE | LUA_MASKCOUNT, 1);
  char text[128];
  dp__lua_limit_text(lua, lua->trip, text, sizeof text);
  lua_pushfstring(L, "%s%s", lua->place, text);
  lua_error(L);
  abort(); /* lua_error does not return */
}

void dp_lua_charge(lua_State *L, uint64_t n) {
  struct dp_lua *lua = dp_lua_host(L);
  if (atomic_load_explicit(&lua->watch.expired, memory_order_relaxed)) dp__lua_trip(L, DP_LUA_TRIP_CPU);
  if (lua->left_n < 0 || n > (uint64_t)lua->left_n) {
    lua->left_n = -1;
    dp__lua_trip(L, DP_LUA_TRIP_INSTRUCTIONS);
  }
  lua->left_n -= (int64_t)n;
}

void dp__lua_call_begin(struct dp_lua *lua, int64_t budget_n) {
  if (atomic_fetch_add(&lua->watch.depth, 1) > 0) return; /* an inner call shares what the outer one has */
  atomic_fetch_add(&lua->watch.call, 1);
  atomic_store(&lua->watch.expired, false);
  lua->trip = DP_LUA_TRIP_NONE;
  lua->raised = DP_OK;
  lua->place[0] = '\0';
  lua->budget_n = lua->left_n = budget_n;
  lua->step_n = budget_n < HOOK_STEP_N ? (int)budget_n : HOOK_STEP_N;
  lua_sethook(lua->L, count_hook, LUA_MASKCOUNT, lua->step_n);
}

void dp__lua_call_end(struct dp_lua *lua) {
  if (atomic_fetch_sub(&lua->watch.depth, 1) > 1) return;
  if (!lua->sealed || lua->used_bytes <= lua->collect_at_bytes) return;
  lua_gc(lua->L, LUA_GCCOLLECT);
  lua->collect_at_bytes = 2 * lua->used_bytes + COLLECT_SLACK_BYTES;
}

/* --- CPU time --- */

/* Async-signal-safe: atomics, and lua_sethook, whose source says that it may be called in a signal handler. The kernel
 * delivers the signal on the thread that runs the host. */
static void on_tick(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)context;
  if (info->si_code != SI_TIMER) return; /* a signal from outside */
  struct dp_lua_watch *watch = info->si_value.sival_ptr;
  unsigned long long call = atomic_load(&watch->call);
  if (atomic_load(&watch->depth) == 0 || atomic_load(&watch->seen) != call) {
    atomic_store(&watch->seen, call);
    atomic_store(&watch->ticks, 0);
    return;
  }
  if (atomic_fetch_add(&watch->ticks, 1) < TICKS_N) return;
  atomic_store(&watch->expired, true);
  lua_sethook(watch->L, count_hook, LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

enum dp_status dp__lua_watch_start(struct dp_lua *lua, struct dp_err *err) {
  struct dp_lua_watch *watch = &lua->watch;
  watch->L = lua->L;
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
  action.sa_sigaction = on_tick;
  sigemptyset(&action.sa_mask);
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM};
  event.sigev_value.sival_ptr = watch;
  event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
  if (sigaction(SIGVTALRM, &action, NULL) != 0 || timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &watch->timer) != 0)
    return dp_fail(err, DP_FAILED, "no timer for the Lua host: %s", strerror(errno));
  watch->armed = true;
  double period_s = lua->limits.cpu_s / TICKS_N;
  if (period_s < 1e-3) period_s = 1e-3;
  if (period_s > 1e6) period_s = 1e6;
  const time_t whole_s = (time_t)period_s;
  const struct timespec period = {.tv_sec = whole_s, .tv_nsec = (long)((period_s - (double)whole_s) * 1e9)};
  const struct itimerspec spec = {.it_value = period, .it_interval = period};
  if (timer_settime(watch->timer, 0, &spec, NULL) != 0)
    return dp_fail(err, DP_FAILED, "no timer for the Lua host: %s", strerror(errno));
  return DP_OK;
}

/* A tick that is pending is delivered before timer_delete returns, because it is for this thread. */
void dp__lua_watch_stop(struct dp_lua *lua) {
  if (!lua->watch.armed) return;
  timer_delete(lua->watch.timer);
  lua->watch.armed = false;
}
