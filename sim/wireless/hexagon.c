#include <config.h>

#include "wireless/hexagon.h"

/** a + bω. */
struct point {
  int32_t a, b;
};

/* The units in the order of their angle, 60° apart. */
static const struct point units[DP_HEX_NEIGHBOURS] = {{1, 0}, {1, 1}, {0, 1}, {-1, 0}, {-1, -1}, {0, -1}};

/* What a level divides by, what it multiplies with for that, and where ω lies modulo the first (α ≡ 0: ω ≡ −a / b). */
static const struct turn {
  struct point alpha, conjugate;
  int32_t omega;
} turns[2] = {{{3, 1}, {2, -1}, 4}, {{2, -1}, {3, 1}, 2}};

#define KEY_BITS 28
#define KEY_MASK ((UINT64_C(1) << KEY_BITS) - 1)
#define KEY_ZERO (INT64_C(1) << (KEY_BITS - 1))

uint64_t dp_hex_key(int resolution, int32_t a, int32_t b) {
  return ((uint64_t)(resolution + 1) << 2 * KEY_BITS) | ((uint64_t)(a + KEY_ZERO) & KEY_MASK) << KEY_BITS |
         ((uint64_t)(b + KEY_ZERO) & KEY_MASK);
}

int dp_hex_resolution(uint64_t key) { return (int)(key >> 2 * KEY_BITS) - 1; }

static struct point point_of(uint64_t key) {
  return (struct point){(int32_t)((int64_t)(key >> KEY_BITS & KEY_MASK) - KEY_ZERO),
                        (int32_t)((int64_t)(key & KEY_MASK) - KEY_ZERO)};
}

static struct point times(struct point x, struct point y) {
  return (struct point){x.a * y.a - x.b * y.b, x.a * y.b + x.b * y.a - x.b * y.b};
}

static const struct turn *turn_of(int child_resolution) { return &turns[child_resolution & 1]; }

uint64_t dp_hex_child(uint64_t key, unsigned k) {
  const int resolution = dp_hex_resolution(key) + 1;
  struct point z = times(turn_of(resolution)->alpha, point_of(key));
  if (k > 0) z = (struct point){z.a + units[k - 1].a, z.b + units[k - 1].b};
  return dp_hex_key(resolution, z.a, z.b);
}

/* z ≡ u mod α for exactly one u of 0 and the units; then (z − u) / α = (z − u) ᾱ / 7 without a rest. */
uint64_t dp_hex_parent(uint64_t key) {
  const int resolution = dp_hex_resolution(key);
  const struct turn *t = turn_of(resolution);
  struct point z = point_of(key);
  const int32_t residue = ((z.a + t->omega * z.b) % 7 + 7) % 7;
  for (unsigned k = 0; residue != 0 && k < DP_HEX_NEIGHBOURS; k++) {
    if (((units[k].a + t->omega * units[k].b) % 7 + 7) % 7 != residue) continue;
    z = (struct point){z.a - units[k].a, z.b - units[k].b};
    break;
  }
  z = times(z, t->conjugate);
  return dp_hex_key(resolution - 1, z.a / 7, z.b / 7);
}

uint64_t dp_hex_neighbour(uint64_t key, unsigned k) {
  const struct point z = point_of(key);
  return dp_hex_key(dp_hex_resolution(key), z.a + units[k].a, z.b + units[k].b);
}

uint64_t dp_hex_spiral(int resolution, uint32_t n) {
  uint32_t ring = 0, before = 0; /* hexagons in the rings before this one */
  while (n >= before + (ring ? 6 * ring : 1)) {
    before += ring ? 6 * ring : 1;
    ring++;
  }
  if (ring == 0) return dp_hex_key(resolution, 0, 0);
  const uint32_t side = (n - before) / ring, step = (n - before) % ring;
  const struct point corner = units[side], along = units[(side + 2) % DP_HEX_NEIGHBOURS];
  return dp_hex_key(resolution, (int32_t)ring * corner.a + (int32_t)step * along.a,
                    (int32_t)ring * corner.b + (int32_t)step * along.b);
}

double dp_hex_area_km2(int resolution) {
  double area = DP_HEX_AREA_8_KM2;
  for (int r = resolution; r < 8; r++) area *= DP_HEX_CHILDREN;
  for (int r = 8; r < resolution; r++) area /= DP_HEX_CHILDREN;
  return area;
}
