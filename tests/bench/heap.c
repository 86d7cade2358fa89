/* tests/bench/heap.c — the yardstick of `make bench`: a plain simulator on one binary heap, as one writes it in an
 * afternoon. It has a cheap generator, no ranks, no order of ties, no digest and no checks.
 *   heap phold LPS START REMOTE LOOKAHEAD MEAN END    prints events, seconds and events/s (PHOLD as in bench_phold.h)
 *   heap queue SERVERS RHO JOBS                       M/M/c, mean service 1 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct event {
  double time;
  uint64_t what; /* a process, or for the queue: 0 an arrival, 1 a departure */
};

struct heap {
  struct event *events;
  size_t n, cap;
};

/* Processor time: what else runs on the machine counts less than by the wall clock. */
static double cpu_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void push(struct heap *h, struct event e) {
  if (h->n == h->cap) {
    h->cap = h->cap ? 2 * h->cap : 1024;
    h->events = realloc(h->events, h->cap * sizeof *h->events);
    if (h->events == NULL) abort();
  }
  size_t at = h->n++;
  for (; at > 0 && e.time < h->events[(at - 1) / 2].time; at = (at - 1) / 2) h->events[at] = h->events[(at - 1) / 2];
  h->events[at] = e;
}

static struct event pop(struct heap *h) {
  struct event first = h->events[0], last = h->events[--h->n];
  size_t at = 0;
  for (size_t down; (down = 2 * at + 1) < h->n; at = down) {
    if (down + 1 < h->n && h->events[down + 1].time < h->events[down].time) down++;
    if (last.time <= h->events[down].time) break;
    h->events[at] = h->events[down];
  }
  if (h->n) h->events[at] = last;
  return first;
}

/* xoshiro256+ (Blackman and Vigna 2021). */
static double uniform(uint64_t s[4]) {
  uint64_t out = s[0] + s[3], t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = s[3] << 45 | s[3] >> 19;
  return ((double)(out >> 12) + 0.5) * 0x1p-52;
}

static double exponential(uint64_t s[4], double mean) { return -mean * log(uniform(s)); }

static uint64_t run_phold(struct heap *h, char **arg, uint64_t s[4]) {
  uint64_t lps = strtoull(arg[0], NULL, 10), start = strtoull(arg[1], NULL, 10), n = 0;
  double remote = atof(arg[2]), lookahead = atof(arg[3]), mean = atof(arg[4]) - lookahead, end = atof(arg[5]);
  struct lp {
    uint64_t event_n;
    double time_sum;
  } *state = calloc(lps, sizeof *state);
  if (state == NULL) abort();
  for (uint64_t i = 0; i < lps * start; i++) push(h, (struct event){lookahead + exponential(s, mean), i / start});
  while (h->n) {
    struct event e = pop(h);
    if (e.time >= end) break;
    n++;
    state[e.what].event_n++;
    state[e.what].time_sum += e.time;
    uint64_t to = uniform(s) <= remote ? (uint64_t)(uniform(s) * (double)lps) : e.what;
    push(h, (struct event){e.time + lookahead + exponential(s, mean), to});
  }
  free(state);
  return n;
}

static uint64_t run_queue(struct heap *h, char **arg, uint64_t s[4]) {
  uint64_t servers = strtoull(arg[0], NULL, 10), jobs = strtoull(arg[2], NULL, 10), busy = 0, waiting = 0, n = 0;
  double gap = 1 / (atof(arg[1]) * (double)servers), area = 0, last = 0;
  push(h, (struct event){exponential(s, gap), 0});
  for (uint64_t arrived = 0; h->n; n++) {
    struct event e = pop(h);
    area += (e.time - last) * (double)(busy + waiting);
    last = e.time;
    if (e.what == 0) {
      if (++arrived < jobs) push(h, (struct event){e.time + exponential(s, gap), 0});
      if (busy == servers) waiting++;
      else busy++;
      if (waiting) continue;
    } else if (waiting) {
      waiting--;
    } else {
      busy--;
      continue;
    }
    push(h, (struct event){e.time + exponential(s, 1), 1});
  }
  if (area < 0) abort(); /* so that it is computed */
  return n;
}

int main(int argc, char **argv) {
  struct heap h = {0};
  uint64_t s[4] = {1, 2, 3, 4}, n;
  for (int i = 0; i < 16; i++) uniform(s);
  double began = cpu_s();
  if (argc == 8 && strcmp(argv[1], "phold") == 0) n = run_phold(&h, argv + 2, s);
  else if (argc == 5 && strcmp(argv[1], "queue") == 0) n = run_queue(&h, argv + 2, s);
  else return fputs("usage: heap phold LPS START REMOTE LOOKAHEAD MEAN END | queue SERVERS RHO JOBS\n", stderr), 2;
  double seconds = cpu_s() - began;
  printf("%llu events in %.6f s: %.0f events/s\n", (unsigned long long)n, seconds, (double)n / seconds);
  free(h.events);
  return 0;
}
