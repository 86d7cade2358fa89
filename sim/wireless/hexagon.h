/* sim/wireless/hexagon.h — an endless hierarchy of hexagons: each has six neighbours, seven children and one parent.
 * Layer: domain. Pure, allocates nothing.
 *
 * A hexagon is an Eisenstein integer z = a + bω (ω² = −1 − ω): the points of the hexagonal lattice. Its parent is the
 * nearest lattice point to z / α with a number α of norm 7, so that seven children, α p + 0 and the six units, belong
 * to p: exact, since no residue of α is equally near to two. Levels take α = 3 + ω and its conjugate 2 − ω by turns, which
 * keeps the grids of every second level parallel. The idea (aperture 7 on hexagons, levels turned by turns) is that of
 * Uber's H3; the integers are not H3's, the plane is flat and has no pentagons. */
#ifndef DP_WIRELESS_HEXAGON_H
#define DP_WIRELESS_HEXAGON_H

#include <stdint.h>

#define DP_HEX_COARSE 4  /* resolution of the hexagons that a cell is made of */
#define DP_HEX_FINE 12   /* resolution at which hotspots have a place */
#define DP_HEX_LEVELS (DP_HEX_FINE - DP_HEX_COARSE + 1)
#define DP_HEX_NEIGHBOURS 6
#define DP_HEX_CHILDREN 7

/** Mean area of an H3 hexagon of resolution 8 in km²; one level is a factor of 7. */
#define DP_HEX_AREA_8_KM2 0.737

/** A hexagon in one word: resolution, a, b. Never 0. |a|, |b| < 2^27. */
uint64_t dp_hex_key(int resolution, int32_t a, int32_t b);
int dp_hex_resolution(uint64_t key);

uint64_t dp_hex_parent(uint64_t key);
/** Child k of [0, 7): 0 is the one in the middle. */
uint64_t dp_hex_child(uint64_t key, unsigned k);
/** Neighbour k of [0, 6); the opposite one is (k + 3) % 6. */
uint64_t dp_hex_neighbour(uint64_t key, unsigned k);

/** Hexagon n of a spiral round the origin, ring by ring: n = 0 is the origin, 1–6 its neighbours. */
uint64_t dp_hex_spiral(int resolution, uint32_t n);

double dp_hex_area_km2(int resolution);

#endif
